# A write fault that dirties a shared file page lets the mmap lock go: locked is 0, the pages are there.
f = memfd(pages=4)
s = mmap(pages=4, prot=rw, flags=shared, file=f)
a = get_user_pages_remote(main, s[0], nr=2, gup_flags=WRITE, locked=1)
claim GUP-18: ret == 2 and locked == 0
madvise(s, DONTNEED)
b = get_user_pages_remote(main, s[0], nr=2, gup_flags=WRITE, locked=1)
claim GUP-18: ret == 2 and locked == 1
c = get_user_pages_remote(main, s[1], nr=9, gup_flags=WRITE, locked=1)
claim GUP-18: ret == 3 and locked == 0
z = mmap(pages=2, prot=rw, flags=shared|anon)
d = get_user_pages_remote(main, z[0], nr=1, gup_flags=WRITE|NOWAIT, locked=1)
claim GUP-18: ret == 1 and locked == 1
e = get_user_pages_remote(main, z[1], nr=1, gup_flags=WRITE, pages=NULL, locked=1)
claim GUP-18: ret == 1 and locked == 0
