# A page with a type of its own is turned down, with its count of one; in a fault it is no better.
t = alloc_pages(1, kind=table)
g = alloc_pages(1, kind=guard)
o = alloc_pages(1, kind=offline)
d = device()
on_mmap(d, vm_flags=MIXEDMAP)
m = mmap(pages=2, prot=rw, flags=shared, file=d)
poke(t[0], "never mapped")
vm_insert_page(m[0], t[0])
claim INS-07: ret == -EINVAL and page(m[0]) == 0
vm_insert_page(m[0], g[0])
claim INS-07: ret == -EINVAL and ref(g[0]) == 1
vm_insert_page(m[1], o[0])
claim INS-07: ret == -EINVAL and flag(o[0], typed)
on_fault(d, t)
load(m[0])
put_page(t)
put_page(g)
put_page(o)
