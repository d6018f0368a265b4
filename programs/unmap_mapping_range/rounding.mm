# The beginning is rounded down and the length up, each by itself, not the end.
f = memfd(pages=5)
m = mmap(pages=5, prot=rw, flags=shared|POPULATE, file=f)
unmap_mapping_range(f, holebegin=4196, holelen=4096, even_cows=0)
claim UMR-02: page(m[1]) == 0
claim UMR-03: page(m[0]) != 0 and page(m[1]) == 0 and page(m[2]) != 0
load(m[1])
unmap_mapping_range(f, holebegin=8191, holelen=1, even_cows=1)
claim UMR-02: page(m[1]) == 0
claim UMR-03: page(m[2]) != 0
load(m[1])
unmap_mapping_range(f, holebegin=8191, holelen=2, even_cows=1)
claim UMR-03: page(m[1]) == 0 and page(m[2]) != 0
load(m[1])
unmap_mapping_range(f, holebegin=4096, holelen=4097, even_cows=0)
claim UMR-03: page(m[0]) != 0 and page(m[1]) == 0 and page(m[2]) == 0 and page(m[3]) != 0
load(m[1])
load(m[2])
unmap_mapping_range(f, holebegin=4097, holelen=8192, even_cows=0)
claim UMR-02: page(m[1]) == 0
claim UMR-03: page(m[2]) == 0 and page(m[3]) != 0
load(m[1])
unmap_mapping_range(f, holebegin=4095, holelen=4096, even_cows=0)
claim UMR-02: page(m[0]) == 0
claim UMR-03: page(m[1]) != 0
