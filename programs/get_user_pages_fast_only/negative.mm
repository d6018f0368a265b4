# Counts below 0, addresses of the kernel, flags that it does not know: 0, never an errno.
m = mmap(pages=1, prot=rw, flags=private|anon)
store(m[0], "here")
a = get_user_pages_fast_only(m[0], nr=-1)
claim FAST-10: ret == 0
b = get_user_pages_fast_only(0, nr=-1)
claim FAST-10: ret == 0
c = get_user_pages_fast_only(0xffffffff81000000, nr=1)
claim FAST-10: ret == 0
d = get_user_pages_fast_only(m[0], nr=INT_MIN)
claim FAST-10: ret == 0
e = get_user_pages_fast_only(m[0], nr=1, gup_flags=NOWAIT)
claim FAST-10: ret == 0 and ref(m[0]) == 1
f = get_user_pages_fast_only(m[0], nr=1, gup_flags=LONGTERM|FORCE)
claim FAST-10: ret == 1 and ref(m[0]) == 2
