# The memory may be another process's: the page is the one that an access of that process reaches.
m = mmap(pages=2, prot=rw, flags=private|anon)
store(m[0], "parent")
c = fork()
c: store(m[0], "child!")
h = get_user_pages_remote(c, m[0], nr=1)
claim GUP-09: page(h[0]) == page(c, m[0]) and page(h[0]) != page(m[0])
d = peek(h[0], n=6)
claim GUP-09: d == "child!"
g = c: get_user_pages_remote(main, m[0], nr=1)
e = peek(g[0], n=6)
claim GUP-09: e == "parent" and page(g[0]) == page(m[0])
c: exit()
claim GUP-11: ref(h[0]) == 1 and map(h[0]) == 0
