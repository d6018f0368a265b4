# An entry that was filled in while ->fault ran stays: the fault's page loses its reference again.
b = alloc_pages(4)
c = alloc_pages(4)
poke(b[0], "too late")
poke(c[0], "in time")
poke(c[2], "in time")
d = device()
on_mmap(d, vm_flags=MIXEDMAP)
on_fault(d, b, meanwhile=c)
m = mmap(pages=4, prot=rw, flags=shared, file=d)
load(m[0], n=7)
claim DSP-07: page(m[0]) == page(c[0]) and ref(b[0]) == 1 and ref(c[0]) == 2
store(m[1], "A")
claim DSP-07: page(m[1]) == page(c[1]) and ref(b[1]) == 1
n = mmap(pages=4, prot=rw, flags=private, file=d)
load(n[2], n=7)
store(n[2], "A")
store(n[3], "A")
claim DSP-07: flag(n[3], anon) and ref(b[3]) == 1 and ref(c[3]) == 1
h = get_user_pages(m[2], nr=1)
i = get_user_pages(n[0], nr=1, gup_flags=WRITE)
on_mmap(d)
o = mmap(pages=1, prot=rw, flags=shared, file=d)
load(o[0])
