# What the kernel warned of when a call was begun is not said again when it is waited for.
m = mmap(pages=1, prot=rw, flags=private|anon)
c = fork()
t = c: begin get_user_pages_fast(m[0], nr=1, gup_flags=ANON)
h = wait(t)
