# A process that has ended has no memory to get: refused by name; its pages outlive it.
m = mmap(pages=1, prot=rw, flags=private|anon)
store(m[0], "kept")
c = fork()
h = get_user_pages_remote(c, m[0], nr=1)
c: exit()
g = get_user_pages_remote(c, m[0], nr=1)
d = peek(h[0], n=4)
claim GUP-11: d == "kept"
