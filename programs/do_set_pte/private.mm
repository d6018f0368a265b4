# In a private mapping a read maps ->fault's page read-only, a write a copy of it.
b = alloc_pages(4, kind=compound)
poke(b[0], "the driver's bytes")
poke(b[3], "a tail's bytes")
d = device()
on_fault(d, b)
m = mmap(pages=4, prot=rw, flags=private, file=d)
load(m[0], n=18)
claim DSP-04: page(m[0]) == page(b[0]) and not pte(m[0], write) and ref(b[0]) == 2
store(m[3], "A")
claim DSP-03: page(m[3]) != page(b[3]) and flag(m[3], anon) and ref(m[3]) == 1
claim DSP-03: pte(m[3], write) and pte(m[3], dirty) and ref(b[3]) == 2
load(m[3], n=14)
store(m[0], "B")
claim DSP-03: flag(m[0], anon) and ref(b[0]) == 1
h = get_user_pages(m[1], nr=2, gup_flags=WRITE)
peek(b[0], 18)
k = alloc_pages(4, kind=kmalloc)
on_fault(d, k)
n = mmap(pages=4, prot=r, flags=private, file=d)
load(n[2], n=4)
put_page(k)
load(n[2], n=4)
load(n[3])
munmap(n)
