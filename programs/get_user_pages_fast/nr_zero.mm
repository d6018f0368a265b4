# A count of 0 does not return 0: the walk passes its end and takes what it meets.
m = mmap(pages=1, prot=rw, flags=private|anon)
n = mmap(pages=3, prot=rw, flags=private|anon)
store(m[0], "one")
a = get_user_pages_fast(m[0], nr=0, gup_flags=WRITE)
claim FAST-02: ret == 0
store(n[0], "first")
b = get_user_pages_fast(n[0], nr=0, gup_flags=WRITE)
claim FAST-02: ret == 0
put_page(a)
put_page(b)
