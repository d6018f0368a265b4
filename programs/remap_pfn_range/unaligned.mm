# An address inside a page is an error, of which the kernel warns; what lay in the range is gone.
d = device()
m = mmap(pages=3, prot=rw, flags=shared, file=d)
remap_pfn_range(m[1], BAR[1], pages=1)
remap_pfn_range(m[0]+256, BAR[0], pages=1)
claim RPR-06: ret == -EINVAL and page(m[0]) == 0 and page(m[1]) == page(BAR[1])
remap_pfn_range(m[0]+256, BAR[0], pages=2)
claim RPR-06: ret == -EINVAL
claim RPR-10: page(m[1]) == 0
remap_pfn_range(m[1], BAR[1], pages=1)
claim RPR-06: ret == 0
