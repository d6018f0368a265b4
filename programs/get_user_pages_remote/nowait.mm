# NOWAIT with a page that another process has to fill in: 0 pages, the only 0 of a call for some.
m = mmap(pages=3, prot=rw, flags=private|anon)
store(m[0], "here")
uffd_register(m)
a = get_user_pages(m[1], nr=1, gup_flags=NOWAIT)
claim GUP-18: ret == 0
claim GUP-46: ret < 0
b = get_user_pages_remote(main, m[0], nr=2, gup_flags=NOWAIT, locked=1)
claim GUP-18: ret == 1 and locked == 1
c = get_user_pages(m[1], nr=1)
claim GUP-34: ret == -EFAULT
