# fork write-protects: a lockless write gets nothing until COW is broken, which the full call does.
m = mmap(pages=1, prot=rw, flags=private|anon)
store(m[0], "shared")
c = fork()
a = get_user_pages_fast_only(m[0], nr=1, gup_flags=WRITE)
claim FAST-14: ret == 0
b = get_user_pages_fast(m[0], nr=1, gup_flags=WRITE)
claim FAST-14: ret == 1 and page(m[0]) != page(c, m[0])
d = get_user_pages_fast_only(m[0], nr=1, gup_flags=WRITE)
claim FAST-14: ret == 1 and ref(m[0]) == 3
