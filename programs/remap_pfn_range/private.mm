# A private mapping is remapped whole; a write copies what the frame holds, through the user's own entry.
b = alloc_pages(2, kind=compound)
poke(b[1], "before")
d = device()
m = mmap(pages=3, prot=rw, flags=private, file=d)
remap_pfn_range(m[0], b[0], pages=2)
claim RPR-03: ret == -EINVAL and page(m[0]) == 0
on_mmap_remap_pfn_range(d, b[0], pages=2)
n = mmap(pages=2, prot=rw, flags=private, file=d)
claim RPR-03: page(n[1]) == page(b[1]) and not pte(n[1], write)
t = load(n[1], n=6)
claim RPR-03: t == "before"
store(n[1], "copied")
claim RPR-03: page(n[1]) != page(b[1]) and not pte(n[1], special)
u = peek(b[1], 6)
claim RPR-03: u == "before"
e = device()
on_mmap_remap_pfn_range(e, BAR[5], pages=1)
p = mmap(pages=1, prot=rw, flags=private, file=e)
store(p[0], "a copy of the device's")
load(p[0], n=22)
# also one that cannot be written to, as long as it may become writable
r = mmap(pages=2, prot=r, flags=private, file=e)
claim RPR-03: ret == -EINVAL
