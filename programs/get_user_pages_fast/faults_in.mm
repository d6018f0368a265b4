# What is not present is faulted in: zero pages for reading, new pages for writing.
m = mmap(pages=3, prot=rw, flags=private|anon)
r = get_user_pages_fast(m[0], nr=1)
claim FAST-07: ret == 1 and pte(m[0], zero)
w = get_user_pages_fast(m[1], nr=2, gup_flags=WRITE)
claim FAST-07: ret == 2 and pte(m[1], write) and pte(m[2], dirty)
z = get_user_pages_fast(m[0], nr=1, gup_flags=WRITE)
claim FAST-07: ret == 1 and pte(m[0], zero) == 0
put_page(r)
put_page(w)
put_page(z)
