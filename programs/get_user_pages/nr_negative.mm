# A negative length is a huge one: pages are taken up to the first failure.
m = mmap(pages=2, prot=rw, flags=private|anon)
h = get_user_pages(m[0], nr=-1, gup_flags=WRITE)
claim GUP-04: ret == 0
put_page(h)
g = get_user_pages(m[1], nr=LONG_MIN, gup_flags=WRITE)
claim GUP-04: ret == 0
put_page(g)
