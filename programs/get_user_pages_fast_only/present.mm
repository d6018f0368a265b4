# What is present comes without any lock, what is not does not come: never an errno.
m = mmap(pages=3, prot=rw, flags=private|anon)
store(m[0], "present")
a = get_user_pages_fast_only(m[0], nr=3)
claim FAST-15: ret == 1 and not pte(m[1], present)
claim FAST-08: ret == 0
claim FAST-15: ret == 1 and page(a[0]) == page(m[0])
b = get_user_pages_fast_only(m[1], nr=1)
claim FAST-15: ret == 0
c = get_user_pages_fast_only(m[-1], nr=1)
claim FAST-15: ret == 0
d = get_user_pages_fast(m[1], nr=1)
claim FAST-07: ret == 1 and pte(m[1], zero)
e = get_user_pages_fast_only(m[1], nr=1)
claim FAST-09: ret == 0
g = get_user_pages_fast(m[1], nr=1)
claim FAST-09: ret == 1 and pte(m[1], zero)
