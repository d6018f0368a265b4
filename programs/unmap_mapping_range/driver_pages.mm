# A driver's pages go with either value of even_cows; only copies of them are spared by 0.
b = alloc_pages(6)
d = device()
e = device()
on_fault(d, b)
on_fault(e, b)
m = mmap(pages=4, prot=rw, flags=shared, file=d)
n = mmap(pages=4, prot=rw, flags=private, file=d)
o = mmap(pages=2, prot=r, flags=shared, file=e)
vm_insert_page(m[0], b[0])
store(m[1], "through ->fault")
load(n[0])
store(n[1], "a copy")
load(o[0])
c = fork()
c: load(m[1])
unmap_mapping_range(d, holebegin=0, holelen=0, even_cows=0)
claim UMR-08: page(m[0]) == 0 and page(m[1]) == 0 and page(n[0]) == 0 and page(n[1]) != 0
claim UMR-08: page(o[0]) == page(b[0]) and page(c, m[1]) == 0
load(n[1], n=6)
load(m[1], n=15)
unmap_mapping_range(d, holebegin=4096, holelen=1, even_cows=1)
claim UMR-06: page(n[1]) == 0 and page(m[1]) == 0
load(n[1], n=15)
