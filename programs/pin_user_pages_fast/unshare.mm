# The walk leaves a page that fork shares to the slow path, which makes it exclusive first.
m = mmap(pages=2, prot=rw, flags=private|anon)
store(m[0], "both")
store(m[1], "both")
c = fork()
h = c: pin_user_pages_fast(m[0], nr=1)
claim GUP-47: ret == 1 and page(h[0]) != page(m[0]) and flag(h[0], exclusive)
g = pin_user_pages_fast(m[1], nr=1, gup_flags=LONGTERM)
claim GUP-47: ret == 1 and page(g[0]) != page(c, m[1])
i = pin_user_pages_fast(m[1], nr=1)
claim GUP-47: ref(m[1]) == 2049
