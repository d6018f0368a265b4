# MADV_GUARD_INSTALL wherever it is given, and what get_user_pages takes of such a page.
m = mmap(pages=3, prot=rw, flags=private|anon)
store(m[0], "before")
store(m[1], "stays")
madvise(m[1], pages=1, advice=GUARD_INSTALL)
madvise(m[1]+8, pages=1, advice=GUARD_INSTALL)
madvise(m[-1], pages=1, advice=GUARD_INSTALL)
h = get_user_pages(m[1], nr=1)
claim GUP-35: ret == -EFAULT
f = get_user_pages(m[1], nr=1, gup_flags=FORCE)
claim GUP-35: ret == -EFAULT
g = get_user_pages_fast(m[1], nr=1, gup_flags=WRITE)
claim GUP-35: ret == -EFAULT
k = get_user_pages(m[0], nr=3, gup_flags=WRITE|FORCE)
claim GUP-35: ret == 1
