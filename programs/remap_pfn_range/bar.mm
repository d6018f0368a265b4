# Device memory has frames and no struct page: it is mapped, read, written and unmapped all the same.
d = device()
m = mmap(pages=2, prot=rw, flags=shared, file=d)
n = mmap(pages=1, prot=r, flags=shared, file=d)
remap_pfn_range(m[0], BAR[3], pages=2)
claim RPR-01: page(m[0]) == page(BAR[3]) and page(m[1]) == page(BAR[4]) and pte(m[0], special)
store(m[1]+16, "in the device")
remap_pfn_range(n[0], BAR[4], pages=1)
t = load(n[0]+16, n=13)
claim RPR-01: t == "in the device"
store(n[0], "x")
munmap(m)
munmap(n)
