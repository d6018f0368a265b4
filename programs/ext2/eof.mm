# A page that begins beyond the end of a file on disk cannot be had, by nobody.
f = open(pages=1)
m = mmap(pages=2, prot=rw, flags=shared, file=f)
load(m[1])
store(m[1], "x")
h = get_user_pages(m[0], nr=2)
claim GUP-02: ret == 1
k = get_user_pages_fast(m[1], nr=1, gup_flags=WRITE)
claim GUP-05: ret == -EFAULT
put_page(h)
