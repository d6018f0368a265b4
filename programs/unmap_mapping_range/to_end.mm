# A length of 0 means to the end of the file, and so does one that wraps to it.
f = memfd(size=22000)
m = mmap(pages=8, prot=rw, flags=shared|POPULATE, file=f)
p = mmap(pages=3, prot=rw, flags=private, file=f, offset=3)
store(p[2], "copy")
unmap_mapping_range(f, holebegin=16389, holelen=0, even_cows=0)
claim UMR-04: page(m[3]) != 0 and page(m[4]) == 0 and page(m[5]) == 0
claim UMR-02: page(m[4]) == 0
claim UMR-05: page(p[2]) != 0
load(m[5])
unmap_mapping_range(f, holebegin=8192, holelen=-1, even_cows=0)
claim UMR-04: page(m[1]) != 0 and page(m[2]) == 0 and page(m[5]) == 0
load(m[2])
unmap_mapping_range(f, holebegin=8192, holelen=-4096, even_cows=0)
load(m[2])
unmap_mapping_range(f, holebegin=-4096, holelen=8192, even_cows=1)
unmap_mapping_range(f, holebegin=-4096, holelen=0, even_cows=1)
unmap_mapping_range(f, holebegin=LONG_MAX, holelen=LONG_MAX, even_cows=1)
claim UMR-04: page(m[0]) != 0 and page(m[2]) != 0 and page(p[2]) != 0
unmap_mapping_range(f, holebegin=4095, holelen=LONG_MAX, even_cows=0)
load(m[1])
unmap_mapping_range(f, holebegin=0, holelen=0, even_cows=1)
claim UMR-04: page(m[0]) == 0 and page(m[1]) == 0 and page(p[2]) == 0
