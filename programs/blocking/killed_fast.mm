# With SIGKILL pending get_user_pages_fast takes what is there and faults in nothing.

m = mmap(pages=3, prot=rw, flags=private|anon)
store(m[0], "here")
store(m[1], "too")
c = fork()
d = fork()
e = fork()
h = c: get_user_pages_fast(m[0], nr=2, pending=SIGKILL)
claim FAST-12: ret == 2
claim FAST-15: ret == 2
i = d: get_user_pages_fast(m[2], nr=1, gup_flags=WRITE, pending=SIGKILL)
claim FAST-12: ret == -EINTR

# What the walk took stays taken, and outlives the process that took it.
j = e: get_user_pages_fast(m[1], nr=2, pending=SIGKILL)
claim FAST-12: ret == 1
peek(j[0], 3)
put_page(j)
k = get_user_pages_fast(m[0], nr=3, pending=SIGKILL)
claim FAST-12: ret == 2
peek(h[0], 4)
