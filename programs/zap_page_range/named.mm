# What of a range lies below the mapping that is named stays, and so does the mapping above an empty range.
m = mmap(pages=2, prot=rw, flags=private|anon)
n = mmap(pages=2, prot=r, flags=private|anon, adjacent_to=m)
o = mmap(pages=2, prot=rw, flags=private|anon)
store(m[0], "one")
store(m[1], "two")
load(n[0])
load(n[1])
store(o[0], "three")
store(o[1], "four")
zap_page_range_single(m[1], pages=2, vma=n[1])
claim ZAP-03: page(m[1]) != 0 and page(n[0]) == 0 and page(n[1]) != 0
zap_page_range_single(m[0], pages=2, vma=n[0])
claim ZAP-03: refused == 0 and page(m[0]) != 0 and page(m[1]) != 0 and page(n[1]) != 0
zap_page_range_single(n[1], pages=1, vma=m[0])
claim ZAP-03: refused == 0 and page(m[1]) != 0 and page(n[1]) != 0
load(n[0])
zap_page_range(m[1], pages=6, vma=n[0])
claim ZAP-02: page(m[1]) != 0 and page(n[0]) == 0 and page(n[1]) == 0 and page(o[0]) == 0
zap_page_range(o[1], pages=1, vma=m[0])
claim ZAP-02: page(m[0]) != 0 and page(m[1]) != 0 and page(o[1]) == 0
