# FORCE is the slow path's: read-only private memory is copied, a present copy is taken.
m = mmap(pages=1, prot=r, flags=private|anon)
a = get_user_pages_fast(m[0], nr=1, gup_flags=WRITE)
claim FAST-04: ret == -EFAULT
b = get_user_pages_fast(m[0], nr=1, gup_flags=WRITE|FORCE)
c = get_user_pages_fast(m[0], nr=1, gup_flags=WRITE|FORCE)
claim FAST-01: ret == 1
claim GUP-51: page(b[0]) == page(c[0])
put_page(b)
put_page(c)
