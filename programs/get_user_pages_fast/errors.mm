# No page: -EFAULT for a hole, no permission, kernel and wild addresses, beyond the end of a file.
f = memfd(pages=1)
s = mmap(pages=2, prot=rw, flags=shared, file=f)
m = mmap(pages=2, prot=rw, flags=private|anon)
store(m[0], "x")
mprotect(m[0], pages=1, prot=none)
mprotect(m[1], pages=1, prot=r)
a = get_user_pages_fast(m[-1], nr=1)
claim FAST-04: ret == -EFAULT
b = get_user_pages_fast(m[0], nr=1)
claim FAST-04: ret == -EFAULT
c = get_user_pages_fast(m[1], nr=1, gup_flags=WRITE)
claim FAST-04: ret == -EFAULT
d = get_user_pages_fast(0xffff888000000000, nr=1)
claim FAST-04: ret == -EFAULT
e = get_user_pages_fast(0x8000000000000000, nr=1)
claim FAST-04: ret == -EFAULT
g = get_user_pages_fast(s[1], nr=1)
claim FAST-04: ret == -EFAULT
i = get_user_pages_fast(0xffffffffffffe000, nr=4)
