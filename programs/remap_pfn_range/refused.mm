# What would stop or corrupt a kernel is refused: over an entry, beyond the mapping, no bytes, others' frames.
b = alloc_pages(2)
d = device()
m = mmap(pages=2, prot=rw, flags=shared, file=d)
a = mmap(pages=1, prot=rw, flags=private|anon)
remap_pfn_range(m[0], BAR[0], pages=1)
remap_pfn_range(m[0], BAR[1], pages=1)
claim RPR-07: refused == mapped
remap_pfn_range(m[0], BAR[0], pages=2)
claim RPR-07: refused == mapped
remap_pfn_range(m[1], BAR[0], pages=2)
claim RPR-08: refused == outside
remap_pfn_range(m[0]-4096, BAR[0], pages=1, vma=m[0])
claim RPR-08: refused == outside
remap_pfn_range(m[1], BAR[0], size=0)
remap_pfn_range(m[1], BAR[15], pages=2)
remap_pfn_range(m[1], BAR[16], pages=1)
remap_pfn_range(m[1], 0x1234, pages=1)
remap_pfn_range(m[0]+1, BAR[0], size=100)
remap_pfn_range(m[1]+1, BAR[0], pages=1)
remap_pfn_range(a[0], BAR[0], pages=1)
store(a[0], "x")
h = get_user_pages(a[0], nr=1)
remap_pfn_range(m[1], h[0], pages=1)
remap_pfn_range(m[1], h[1], pages=1)
# pages that were allocated one by one do not follow each other
n = mmap(pages=2, prot=rw, flags=shared, file=d)
remap_pfn_range(n[0], b[0], pages=2)
remap_pfn_range(n[0], b[0], pages=1)
put_page(b[0])
put_page(b)
put_page(b[1])
