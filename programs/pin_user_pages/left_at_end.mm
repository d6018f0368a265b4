# Pins that a program leaves behind are unpinned when it ends: the next program finds none.
f = memfd(pages=2)
m = mmap(pages=2, prot=rw, flags=private|anon)
s = mmap(pages=2, prot=rw, flags=shared, file=f)
a = pin_user_pages(m[0], nr=2, gup_flags=WRITE)
b = pin_user_pages_fast(s[0], nr=2, gup_flags=WRITE)
claim GUP-01: ref(s[0]) == 1026
munmap(m)
claim GUP-11: ref(a[1]) == 1024 and map(a[1]) == 0
