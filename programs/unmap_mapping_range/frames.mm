# Frames that are mapped without their page go with either value of even_cows, and no count is touched.
b = alloc_pages(4, kind=compound)
poke(b[0], "in the frame")
d = device()
m = mmap(pages=3, prot=rw, flags=shared, file=d)
r = mmap(pages=3, prot=rw, flags=shared, file=d)
n = mmap(pages=2, prot=rw, flags=shared, file=d, offset=1)
remap_pfn_range(m[0], b[0], pages=3)
remap_pfn_range(r[0], b[1], pages=3)
remap_pfn_range(n[0], b[2], pages=2)
c = fork()
claim UMR-07: pte(m[0], special) and ref(b[0]) == 1 and map(b[0]) == 0
unmap_mapping_range(d, holebegin=4096, holelen=4096, even_cows=0)
claim UMR-07: pte(m[0], special) and page(m[1]) == 0 and page(r[1]) == 0 and pte(m[2], special)
claim UMR-01: page(n[0]) == 0 and page(n[1]) != 0 and page(c, m[1]) == 0 and page(c, r[1]) == 0
t = load(m[0], 12)
claim UMR-01: t == "in the frame"
unmap_mapping_range(d, holebegin=0, holelen=0, even_cows=1)
claim UMR-07: page(m[0]) == 0 and page(m[2]) == 0 and page(r[0]) == 0 and page(n[1]) == 0
claim UMR-07: ref(b[0]) == 1 and map(b[0]) == 0
load(m[0])
remap_pfn_range(m[0], b[0], pages=3)
v = mmap(pages=3, prot=rw, flags=shared, file=d)
remap_pfn_range(v[0], b[0], pages=3)
zap_page_range(v[1], pages=1)
claim ZAP-14: page(v[1]) == 0 and page(v[0]) != 0
madvise(v, DONTNEED)
claim ZAP-10: ret == -EINVAL and page(v[0]) != 0
o = mmap(pages=2, prot=rw, flags=private|anon, at=v[1])
claim UMV-06: page(v[2]) == 0 and page(v[0]) == page(b[0]) and ref(b[0]) == 1
k = fork()
k: execve()
munmap(v)
claim UMV-06: page(v[0]) == 0 and ref(b[0]) == 1 and map(b[0]) == 0
put_page(b)
