# zap_vma_ptes takes entries out of VM_PFNMAP mappings, in ranges that lie inside; it says nothing.
b = alloc_pages(4, kind=split)
d = device()
on_mmap_remap_pfn_range(d, b[0], pages=3)
m = mmap(pages=3, prot=rw, flags=shared, file=d)
n = mmap(pages=1, prot=rw, flags=private|anon, adjacent_to=m)
store(n[0], "anonymous")
zap_vma_ptes(m[1], pages=3)
claim ZAP-06: ret == 0 and page(m[1]) == page(b[1]) and page(m[2]) == page(b[2])
zap_vma_ptes(m[0], pages=0)
claim ZAP-09: page(m[0]) == page(b[0])
zap_vma_ptes(m[1], pages=1)
claim ZAP-06: page(m[1]) == 0 and page(m[0]) == page(b[0]) and page(m[2]) == page(b[2])
claim UMV-06: ref(b[1]) == 1 and map(b[1]) == 0
zap_vma_ptes(n[0], pages=1)
claim ZAP-05: page(n[0]) != 0
zap_vma_ptes(n[0], pages=1, vma=m[0])
claim ZAP-06: page(n[0]) != 0
load(m[1])
remap_pfn_range(m[1], b[3], pages=1)
claim RPR-04: ret == 0 and page(m[1]) == page(b[3])
zap_vma_ptes(m[0], pages=3)
zap_vma_ptes(m[0], size=100)
claim ZAP-08: refused == unaligned
zap_vma_ptes(m[0]+8, pages=1)
claim ZAP-08: refused == unaligned
zap_vma_ptes(n[1], pages=1)
