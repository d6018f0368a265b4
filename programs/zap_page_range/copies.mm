# Without details nothing is spared: private copies go, locked memory too, and the file's page is back.
f = memfd(pages=3)
s = mmap(pages=3, prot=rw, flags=shared, file=f)
p = mmap(pages=3, prot=rw, flags=private, file=f)
store(s[0], "file")
store(p[0], "copy")
load(p[1])
store(p[2], "locked")
mlock(p[2], pages=1)
h = get_user_pages(p[0], nr=1, gup_flags=WRITE)
claim ZAP-04: flag(h[0], anon) and map(h[0]) == 1
zap_page_range_single(p[0], pages=1)
claim ZAP-13: page(p[0]) == 0 and map(h[0]) == 0 and ref(h[0]) == 1
d = load(p[0], 4)
claim ZAP-13: d == "file" and page(p[0]) == page(s[0])
store(p[0], "more")
zap_page_range(p)
claim ZAP-04: page(p[0]) == 0 and page(p[1]) == 0 and page(p[2]) == 0
e = load(p[2], 4)
g = peek(h[0], 4)
put_page(h)
