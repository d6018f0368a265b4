# Pages of compound, split and uncut blocks: heads and tails are mapped if they have a reference.
c = alloc_pages(4, kind=compound)
s = alloc_pages(4, kind=split)
u = alloc_pages(4, kind=uncut)
poke(c[2], "the tail of a compound page")
d = device()
on_mmap(d, vm_flags=MIXEDMAP)
m = mmap(pages=6, prot=rw, flags=shared, file=d)
vm_insert_page(m[0], c[0])
claim INS-02: ret == 0 and ref(c[0]) == 2 and map(c[0]) == 1 and map(c[2]) == 0
vm_insert_page(m[1], c[2])
claim INS-02: ret == 0 and ref(c[2]) == 3 and map(c[2]) == 1
vm_insert_page(m[2], s[1])
claim INS-02: ret == 0 and ref(s[1]) == 2 and ref(s[0]) == 1
vm_insert_page(m[3], u[0])
claim INS-02: ret == 0 and ref(u[0]) == 2
vm_insert_page(m[4], u[1])
claim INS-06: ret == -EINVAL and page(m[4]) == 0
load(m[1], n=27)
store(m[1], "dirty")
munmap(m[1], pages=1)
claim INS-01: ref(c[2]) == 2 and flag(c[0], dirty)
put_page(s[1])
put_page(c)
put_page(u)
store(m[0], "still there")
store(m[3], "this too")
munmap(m)
put_page(s)
