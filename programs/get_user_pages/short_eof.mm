# The end of the file ends the call short, though the mapping goes on.
f = memfd(pages=1)
m = mmap(pages=2, prot=rw, flags=shared, file=f)
h = get_user_pages(m[0], nr=2, gup_flags=WRITE)
claim GUP-02: ret == 1
put_page(h)
b = get_user_pages(m[1], nr=1)
claim GUP-05: ret == -EFAULT
