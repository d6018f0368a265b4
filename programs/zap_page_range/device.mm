# A driver's pages are zapped as any are; MADV_DONTNEED does it in a MIXEDMAP mapping, and not in a PFNMAP one.
b = alloc_pages(5)
poke(b[0], "a driver's page")
d = device()
e = device()
on_mmap(d, vm_flags=MIXEDMAP)
on_mmap(e, vm_flags=PFNMAP)
m = mmap(pages=3, prot=rw, flags=shared, file=d)
n = mmap(pages=2, prot=rw, flags=private, file=d, adjacent_to=m)
o = mmap(pages=2, prot=rw, flags=shared, file=e)
vm_insert_page(m[0], b[0])
vm_insert_page(m[1], b[1])
vm_insert_page(m[2], b[2])
vm_insert_page(n[0], b[3])
vm_insert_page(n[1], b[4])
store(m[1], "dirty")
store(n[1], "a copy")
zap_page_range_single(m[0], pages=1)
claim ZAP-13: page(m[0]) == 0 and map(b[0]) == 0 and ref(b[0]) == 1
load(m[0])
zap_page_range(m[1], pages=3)
claim ZAP-02: page(m[1]) == 0 and page(m[2]) == 0 and page(n[0]) == 0 and page(n[1]) != 0
vm_insert_page(m[0], b[0])
madvise(m, DONTNEED)
claim ZAP-10: ret == 0 and page(m[0]) == 0
madvise(n, DONTNEED_LOCKED)
claim ZAP-12: ret == 0 and page(n[1]) == 0
madvise(o, DONTNEED)
claim ZAP-10: ret == -EINVAL
madvise(o, DONTNEED_LOCKED)
claim ZAP-10: ret == -EINVAL
zap_page_range(o)
claim ZAP-14: ret == 0 and refused == 0
vm_insert_page(m[0], b[0])
p = mmap(pages=2, prot=rw, flags=private|anon, at=m[0])
claim UMV-01: map(b[0]) == 0 and page(m[0]) == 0
c = fork()
c: execve()
put_page(b)
