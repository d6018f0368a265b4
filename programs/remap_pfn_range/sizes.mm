# A size that ends inside a page takes the whole page.
d = device()
m = mmap(pages=3, prot=rw, flags=shared, file=d)
remap_pfn_range(m[0], BAR[0], size=4097)
claim RPR-05: ret == 0 and page(m[1]) == page(BAR[1]) and page(m[2]) == 0
remap_pfn_range(m[2], BAR[7], size=1)
claim RPR-05: ret == 0 and page(m[2]) == page(BAR[7])
