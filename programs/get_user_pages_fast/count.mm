# What is present is taken by the walk, the rest is faulted in behind it.
m = mmap(pages=4, prot=rw, flags=private|anon)
store(m[0], "a")
store(m[1], "b")
h = get_user_pages_fast(m[0], nr=4, gup_flags=WRITE)
claim FAST-01: ret == 4
g = get_user_pages_fast(m[2]+8, nr=4, gup_flags=WRITE)
claim FAST-01: ret == 2
put_page(h)
put_page(g)
