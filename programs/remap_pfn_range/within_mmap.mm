# From within ->mmap, as drivers do it: an error is mmap's, and nothing is left.
b = alloc_pages(2, kind=split)
d = device()
on_mmap_remap_pfn_range(d, b[0], pages=2)
m = mmap(pages=2, prot=r, flags=shared, file=d)
claim RPR-01: page(m[0]) == page(b[0]) and page(m[1]) == page(b[1])
claim RPR-02: vma(m[0], io) and vma(m[0], pfnmap)
n = mmap(pages=3, prot=rw, flags=private, file=d)
claim RPR-03: ret == -EINVAL
p = mmap(pages=2, prot=rw, flags=private, file=d)
store(p[1], "a copy")
e = device()
on_mmap_remap_pfn_range(e, BAR[2], pages=1, at=1)
on_mmap_remap_pfn_range(e, b[1], pages=1)
q = mmap(pages=2, prot=rw, flags=shared, file=e)
store(q[0], "in memory")
store(q[1], "in the device")
# what the module would not do
on_mmap_remap_pfn_range(e, BAR[2], pages=1, at=1)
r = mmap(pages=2, prot=rw, flags=shared, file=e)
claim RPR-07: ret == -EPERM
