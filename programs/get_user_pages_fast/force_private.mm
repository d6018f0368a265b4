# FORCE, which the fast call is said not to have, is taken and works.
m = mmap(pages=1, prot=rw, flags=private|anon)
store(m[0], "read-only soon")
mprotect(m, prot=r)
a = get_user_pages_fast(m[0], nr=1, gup_flags=WRITE)
claim FAST-04: ret == -EFAULT
b = get_user_pages_fast(m[0], nr=1, gup_flags=WRITE|FORCE)
claim FAST-13: ret == 1 and not pte(m[0], write) and page(b[0]) == page(m[0])
