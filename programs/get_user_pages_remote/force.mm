# As a debugger sets a breakpoint: FORCE writes another process's read-only private page, as a copy.
f = memfd(pages=1)
w = mmap(pages=1, prot=rw, flags=shared, file=f)
store(w[0], "code")
m = mmap(pages=1, prot=rx, flags=private, file=f)
c = fork()
h = get_user_pages_remote(c, m[0], nr=1, gup_flags=WRITE)
claim GUP-05: ret == -EFAULT
g = get_user_pages_remote(c, m[0], nr=1, gup_flags=WRITE|FORCE)
claim GUP-14: ret == 1 and flag(g[0], anon) and not pte(c, m[0], write)
poke(g[0], "trap")
d = c: load(m[0], n=4)
e = load(m[0], n=4)
claim GUP-14: d == "trap" and e == "code"
