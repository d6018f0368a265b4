# A process's memory outlives it while a call of another one sleeps for one of its pages.

m = mmap(pages=2, prot=rw, flags=private|anon)
store(m[0], "here")
c = fork()
d = fork()
c: uffd_register(m)
t = begin get_user_pages_remote(c, m[0], nr=2, locked=1)
d: kill(c)
wait(t)
c: load(m[0])
d: kill(c)
d: mem_read(c, m[0], 4)
g = d: get_user_pages_remote(c, m[0], nr=1)
claim GUP-01: ret == 1
d: put_page(g)
d: uffd_copy(c, m[1], "last")
h = wait(t)
claim GUP-18: ret == 2 and locked == 0
peek(h[1], 4)
d: uffd_copy(c, m[1], "nobody")
put_page(h)
