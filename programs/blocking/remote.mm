# For another process's missing page, too: with locked= the call sleeps, lets the lock go and says so.

m = mmap(pages=3, prot=rw, flags=private|anon)
c = fork()
d = fork()
c: uffd_register(m)
g = get_user_pages_remote(c, m[0], nr=1)
claim GUP-34: ret == -EFAULT
n = get_user_pages_remote(c, m[0], nr=1, gup_flags=NOWAIT)
claim GUP-18: ret == 0
t = begin get_user_pages_remote(c, m[0], nr=2, gup_flags=WRITE, locked=1)
claim GUP-34: blocked
claim GUP-45: not blocked
d: uffd_copy(c, m[2], "not this")
d: uffd_copy(c, m[0], "first")
wait(t)
d: uffd_copy(c, m[1], "second")
h = wait(t)
claim GUP-18: ret == 2 and locked == 0
peek(h[1], 6)
k = get_user_pages_remote(c, m[0], nr=3, locked=1)
claim GUP-18: ret == 3 and locked == 1
put_page(h)
put_page(k)
