# FORCE does not copy in a shared mapping of a file on disk, though it may become writable.
f = open(pages=2)
m = mmap(pages=2, prot=r, flags=shared, file=f)
h = get_user_pages(m[0], nr=2, gup_flags=WRITE|FORCE)
claim GUP-15: ret == 2
mprotect(m, prot=rw)
k = get_user_pages(m[0], nr=2, gup_flags=WRITE|FORCE)
claim GUP-13: ret == 2 and flag(k[0], dirty)
mprotect(m, prot=none)
n = get_user_pages(m[0], nr=1, gup_flags=FORCE)
claim GUP-14: ret == 1
put_page(k)
put_page(n)
