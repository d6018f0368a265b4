# A negative count: 0 where the length wraps, else -EFAULT, never a page.
m = mmap(pages=2, prot=rw, flags=private|anon)
store(m[0], "x")
a = get_user_pages_fast(m[0], nr=-1, gup_flags=WRITE)
claim FAST-03: ret == 0
b = get_user_pages_fast(m[0], nr=-2)
claim FAST-03: ret == 0
c = get_user_pages_fast(0, nr=-1)
claim FAST-04: ret == -EFAULT
claim FAST-17: ret == 0
d = get_user_pages_fast(0x200000, nr=INT_MIN)
claim FAST-04: ret == -EFAULT
claim FAST-17: ret == 0
e = get_user_pages_fast(m[0], nr=INT_MIN)
claim FAST-04: ret == -EFAULT
