# A call goes on across neighbouring mappings of any kind.
f = memfd(pages=2)
a = mmap(pages=1, prot=rw, flags=private|anon)
b = mmap(pages=2, prot=rw, flags=shared, file=f, adjacent_to=a)
c = mmap(pages=1, prot=r, flags=private|anon, adjacent_to=b)
r = get_user_pages(a[0], nr=4)
claim GUP-01: ret == 4
w = get_user_pages(a[0], nr=4, gup_flags=WRITE)
claim GUP-02: ret == 3
put_page(r)
put_page(w)
