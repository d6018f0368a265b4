# The walk pins what is present, the slow path behind it the rest.
m = mmap(pages=3, prot=rw, flags=private|anon)
store(m[0], "present")
a = pin_user_pages_fast(m[0], nr=3, gup_flags=WRITE)
claim FAST-01: ret == 3 and ref(m[0]) == 1025 and ref(m[2]) == 1025
b = pin_user_pages_fast(m[0], nr=4, gup_flags=LONGTERM)
claim FAST-01: ret == 3 and ref(m[0]) == 2049
c = pin_user_pages_fast(m[-1], nr=1)
claim FAST-04: ret == -EFAULT
d = pin_user_pages_fast(m[0], nr=-1)
claim FAST-03: ret == 0
unpin_user_page(b)
unpin_user_page(a)
claim GUP-06: ref(m[0]) == 1
