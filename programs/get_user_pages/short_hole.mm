# A hole behind the range ends the call short; the error is lost.
m = mmap(pages=2, prot=rw, flags=private|anon)
h = get_user_pages(m[0], nr=4, gup_flags=WRITE)
claim GUP-02: ret == 2
put_page(h)
munmap(m[1], pages=1)
g = get_user_pages(m[0], nr=2)
claim GUP-02: ret == 1
put_page(g)
