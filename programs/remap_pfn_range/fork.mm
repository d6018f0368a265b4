# fork copies what was mapped by frame number, without counting it, and clean.
b = alloc_pages(2, kind=split)
d = device()
on_mmap_remap_pfn_range(d, b[0], pages=2)
m = mmap(pages=2, prot=rw, flags=shared, file=d)
n = mmap(pages=2, prot=rw, flags=private, file=d)
store(m[0], "shared")
store(n[1], "the parent's")
c = fork()
claim INS-17: page(c, m[0]) == page(b[0]) and page(c, n[0]) == page(b[0]) and ref(b[0]) == 1
t = c: load(m[0], n=6)
claim INS-17: t == "shared"
c: store(n[1], "the child's")
c: store(m[1], "by the child")
u = load(m[1], n=12)
claim INS-17: u == "by the child"
c: exit()
load(n[1], n=12)
