# It takes the lock itself and gives what get_user_pages gives: pages, counts, errors.
f = memfd(pages=2)
m = mmap(pages=2, prot=rw, flags=private|anon)
s = mmap(pages=3, prot=rw, flags=shared, file=f)
a = get_user_pages_unlocked(m[0], nr=2, gup_flags=WRITE)
claim GUP-01: ret == 2 and ref(a[0]) == 2
b = get_user_pages_unlocked(s[0], nr=3, gup_flags=WRITE)
claim GUP-02: ret == 2
c = get_user_pages_unlocked(m[-1], nr=1)
claim GUP-05: ret == -EFAULT
d = get_user_pages_unlocked(m[0], nr=0)
claim GUP-03: ret == 0
e = get_user_pages_unlocked(m[0], nr=-1)
claim GUP-04: ret == 0
g = get_user_pages_unlocked(m[0], nr=2, gup_flags=WRITE, pages=NULL)
claim GUP-16: ret == 2 and ref(m[1]) == 3
put_page(a)
claim GUP-06: ref(m[1]) == 2
