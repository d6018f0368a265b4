# Ranges that begin or end within a page are refused, and those without a mapping; a size of 0 changes nothing.
m = mmap(pages=3, prot=rw, flags=private|anon)
store(m[0], "stays")
store(m[1], "stays")
store(m[2], "goes")
zap_page_range(m[0]+8, pages=1)
claim ZAP-08: refused != 0
zap_page_range(m[0], size=100)
claim ZAP-08: refused != 0
zap_page_range(m[0]+4000, size=96)
claim ZAP-08: refused != 0
zap_page_range_single(m[0]+4095, size=4097)
claim ZAP-08: refused != 0
zap_page_range_single(m[0], size=4097)
claim ZAP-08: refused != 0 and page(m[0]) != 0 and page(m[1]) != 0
zap_page_range(m[-1], pages=2)
zap_page_range_single(m[3], pages=1)
zap_page_range(m[0], pages=1, vma=m[-1])
zap_page_range(m[1], pages=0)
claim ZAP-14: ret == 0 and refused == 0 and page(m[0]) != 0 and page(m[1]) != 0
zap_page_range_single(m[1], size=0)
claim ZAP-13: ret == 0 and refused == 0 and page(m[0]) != 0 and page(m[1]) != 0
zap_page_range_single(m[1], pages=0, vma=m[0])
zap_page_range(m[-1], pages=0, vma=m[2])
zap_page_range(m[2], size=4096, vma=m[0]+100)
