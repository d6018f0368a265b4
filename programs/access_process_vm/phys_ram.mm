# generic_access_phys has nothing of memory that the kernel uses as RAM, and warns of it: on x86-64 once.
b = alloc_pages(2, kind=split)
poke(b[0], "RAM")
d = device()
on_access(d, gives=PHYS)
m = mmap(pages=1, prot=rw, flags=private|anon)
v = mmap(pages=2, prot=rw, flags=shared, file=d, adjacent_to=m)
remap_pfn_range(v[0], b[0], pages=2)
load(v[0], 3)
c = fork()
c: load(v[0], 3)
mem_read(c, m[0]+4092, n=8)
claim ARV-02: ret == 4
access_process_vm(main, v[0], n=3)
claim ARV-07: ret == 0
access_process_vm(main, v[1], n=3)
claim ARV-07: ret == 0
access_process_vm(main, v[0], data="x", gup_flags=WRITE)
claim ARV-07: ret == 0
mem_read(main, v[0], n=3)
claim ARV-07: ret == -EIO
load(v[0], 3)
