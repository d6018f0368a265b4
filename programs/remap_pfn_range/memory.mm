# A driver's pages are mapped by their frames: in a row, special, and counted nowhere.
b = alloc_pages(4, kind=split)
poke(b[0], "first")
poke(b[1], "second")
d = device()
m = mmap(pages=3, prot=rw, flags=shared, file=d)
remap_pfn_range(m[0], b[0], pages=2)
claim RPR-01: ret == 0 and page(m[0]) == page(b[0]) and page(m[1]) == page(b[1]) and pte(m[0], special)
claim RPR-01: ref(b[0]) == 1 and map(b[0]) == 0
claim RPR-02: vma(m[0], io) and vma(m[0], pfnmap) and vma(m[0], dontexpand) and vma(m[0], dontdump)
t = load(m[1], n=6)
claim RPR-01: t == "second"
store(m[0]+8, "by the user")
u = peek(b[0]+8, 11)
claim RPR-01: u == "by the user"
# the rest of a shared mapping stays empty
load(m[2])
claim RPR-04: signal == SIGBUS
mprotect(m, prot=r)
load(m[0])
mprotect(m, prot=rw)
store(m[1], "again")
munmap(m[0], pages=1)
claim UMV-06: ref(b[0]) == 1 and map(b[0]) == 0
munmap(m)
