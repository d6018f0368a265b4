# A length of 0 returns 0 before anything is looked at, a hole or a kernel address.
m = mmap(pages=1, prot=rw, flags=private|anon)
a = get_user_pages(m[0], nr=0, gup_flags=WRITE)
claim GUP-03: ret == 0
b = get_user_pages(m[1], nr=0)
claim GUP-03: ret == 0
c = get_user_pages(0xffff800000000000, nr=0)
claim GUP-03: ret == 0
