# A range that cannot be cut off at its end leaves the mapping cut at its beginning: what wants one mapping finds two.
m = mmap(pages=1536, prot=rw, flags=private|anon|HUGETLB)
n = mmap(pages=2, prot=rw, flags=private|anon, adjacent_to=m)
store(m[0], "first")
store(m[600], "second")
store(m[1100], "third")
store(n[1], "small")
munmap(m[512], pages=100)
zap_page_range_single(m[0], pages=1536)
claim ZAP-03: page(m[0]) == 0 and page(m[600]) != 0 and page(m[1100]) != 0
mprotect(m[1024], pages=100, prot=r)
zap_page_range_single(m[512], pages=1024)
claim ZAP-03: page(m[600]) == 0 and page(m[1100]) != 0
store(m[600], "again")
munmap(m[512], pages=1)
mremap(m[512], pages=1024, new_pages=512)
zap_page_range(m[512], pages=1024)
load(m[600], n=5)
