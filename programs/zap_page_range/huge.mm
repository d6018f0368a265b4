# Huge pages go whole; part of a transparent one goes after it was split, part of hugetlb's is refused.
m = mmap(pages=1024, prot=rw, flags=private|anon, align=512)
n = mmap(pages=1024, prot=rw, flags=private|anon|HUGETLB)
madvise(m, HUGEPAGE)
store(m[1], "first")
store(m[600], "second")
zap_page_range(m[0], pages=512)
claim ZAP-14: page(m[1]) == 0 and page(m[600]) != 0
load(m[1])
zap_page_range_single(m[600], pages=0)
zap_page_range_single(m[600], pages=1)
claim ZAP-13: page(m[600]) == 0 and page(m[601]) != 0 and not pte(m[601], huge)
store(n[5], "huge")
load(n[600])
zap_page_range(n[0], pages=1)
claim ZAP-08: refused != 0
zap_page_range_single(n[512], pages=511)
claim ZAP-08: refused != 0
zap_page_range_single(n[1], pages=511)
claim ZAP-08: refused != 0
zap_page_range(m[1023], pages=514)
claim ZAP-08: refused != 0
zap_page_range_single(n[512], pages=512)
claim ZAP-13: page(n[600]) == 0 and page(n[5]) != 0
zap_page_range(n)
claim ZAP-14: page(n[5]) == 0
load(n[5])
