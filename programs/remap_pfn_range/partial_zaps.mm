# Where only a part of a private mapping is asked for, that part is lost, copies and all.
d = device()
on_mmap_remap_pfn_range(d, BAR[0], pages=2)
m = mmap(pages=2, prot=rw, flags=private, file=d)
store(m[0], "a copy")
remap_pfn_range(m[0], BAR[0], pages=1)
claim RPR-11: ret == -EINVAL and page(m[0]) == 0 and page(m[1]) == page(BAR[1])
