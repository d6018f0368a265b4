# SIGKILL takes a process and all its memory; what others hold of it stays.
m = mmap(pages=2, prot=rw, flags=private|anon)
store(m[0], "shared")
c = fork()
c: store(m[1], "child's own")
h = c: get_user_pages(m[1], nr=1)
kill(c)
claim GUP-11: ref(h[0]) == 1
d = peek(h[0], 11)
c: load(m[0])
kill(c)
store(m[0], "alone")
put_page(h)
