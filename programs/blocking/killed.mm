# With SIGKILL pending get_user_pages gives -EINTR even for a page that is there.

m = mmap(pages=2, prot=rw, flags=private|anon)
store(m[0], "here")
c = fork()
d = fork()
e = fork()
g = fork()
h = c: get_user_pages(m[0], nr=2, pending=SIGKILL)
claim GUP-23: ret == -EINTR
load(m[0], n=4)
c: load(m[0])

# What is wrong with the address is found before, and nr=0 before anything.
i = d: get_user_pages(m[2], nr=1, pending=SIGKILL)
claim GUP-05: ret == -EFAULT
j = e: get_user_pages(m[0], nr=0, pending=SIGKILL)
claim GUP-03: ret == 0
k = g: get_user_pages(m[0], nr=1, gup_flags=WRITE, pending=SIGKILL)
claim GUP-23: ret == -EINTR
l = get_user_pages(m[0], nr=1, pending=SIGKILL)
claim GUP-23: ret == -EINTR
