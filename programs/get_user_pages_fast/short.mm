# A failure behind pages that were taken is lost, in the walk and behind it.
m = mmap(pages=3, prot=rw, flags=private|anon)
store(m[0], "x")
store(m[1], "y")
mprotect(m[1], pages=1, prot=r)
a = get_user_pages_fast(m[0], nr=3, gup_flags=WRITE)
claim FAST-01: ret == 1
b = get_user_pages_fast(m[1], nr=9)
claim FAST-01: ret == 2
put_page(a)
put_page(b)
