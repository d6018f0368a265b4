# Counts and errors are those of get_user_pages.
m = mmap(pages=2, prot=rw, flags=private|anon)
a = pin_user_pages(m[0], nr=0)
claim GUP-03: ret == 0
b = pin_user_pages(m[1], nr=3, gup_flags=WRITE)
claim GUP-02: ret == 1
c = pin_user_pages(m[0], nr=-1, gup_flags=WRITE)
claim GUP-04: ret == 0
d = pin_user_pages(m[-1], nr=1)
claim GUP-05: ret == -EFAULT
mprotect(m, prot=r)
e = pin_user_pages(m[0], nr=1, gup_flags=WRITE)
claim GUP-05: ret == -EFAULT
g = pin_user_pages(m[0], nr=1, gup_flags=WRITE|FORCE)
claim GUP-14: ret == 1
