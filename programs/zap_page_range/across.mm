# Over several mappings and a hole zap_page_range takes all of them, zap_page_range_single the first.
f = memfd(pages=2)
m = mmap(pages=2, prot=rw, flags=private|anon)
n = mmap(pages=2, prot=r, flags=private, file=f, adjacent_to=m)
o = mmap(pages=2, prot=rw, flags=shared, file=f)
store(m[1], "first")
load(n[0])
load(n[1])
store(o[0], "third")
load(o[1])
zap_page_range_single(m[0], pages=7)
claim ZAP-03: ret == 0 and page(m[1]) == 0 and page(n[0]) != 0 and page(n[1]) != 0
store(m[1], "first")
zap_page_range_single(m[1], pages=2)
claim ZAP-03: page(m[1]) == 0 and page(n[0]) != 0
store(m[1], "first")
zap_page_range(m[1], pages=2)
claim ZAP-02: ret == 0 and page(m[1]) == 0 and page(n[0]) == 0 and page(n[1]) != 0
store(m[0], "first")
store(m[1], "again")
load(n[0])
zap_page_range(m[1], pages=6)
claim ZAP-02: page(m[0]) != 0 and page(m[1]) == 0 and page(n[0]) == 0 and page(n[1]) == 0
claim ZAP-02: page(o[0]) == 0 and page(o[1]) != 0
load(n[0])
