# Truncating takes pages from every mapping, private copies too; what was held is, what is gone cannot be had.
f = memfd(pages=3)
s = mmap(pages=3, prot=rw, flags=shared, file=f)
p = mmap(pages=3, prot=rw, flags=private, file=f)
store(s[0], "zero")
store(s[1], "one")
store(p[1], "copy")
store(p[0], "copy")
h = get_user_pages(s[1], nr=1)
ftruncate(f, size=100)
claim UMR-09: page(s[0]) != 0 and page(p[0]) != 0 and page(s[1]) == 0 and page(p[1]) == 0
i = get_user_pages(s[1], nr=1)
claim UMR-10: ret == -EFAULT
j = get_user_pages(p[1], nr=1, gup_flags=WRITE)
claim UMR-10: ret == -EFAULT
k = get_user_pages_fast(s[0], nr=2)
claim UMR-10: ret == 1
d = peek(h[0], 3)
claim GUP-11: d == "one"
ftruncate(f, pages=2)
l = get_user_pages(s[1], nr=1)
claim UMR-10: ret == 1 and page(l[0]) != page(h[0])
put_page(h)
