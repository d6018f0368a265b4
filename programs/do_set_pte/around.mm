# Fault-around maps what is in the cache beside the page of a read fault; a write fault maps its page alone.
f = memfd(pages=40)
m = mmap(pages=40, prot=rw, flags=shared, file=f)
store(m[2], "in the cache")
store(m[3], "too")
store(m[7], "and this")
store(m[17], "and that")
munmap(m)
n = mmap(pages=40, prot=rw, flags=shared, file=f, align=512)
load(n[2])
claim DSP-06: page(n[2]) != 0 and page(n[3]) == 0
fault_around(65536)
load(n[3])
claim DSP-06: page(n[7]) != 0 and page(n[17]) == 0 and page(n[4]) == 0
claim DSP-06: pte(n[7], write) and map(n[7]) == 1
claim DSP-05: pte(n[7], write) and pte(n[7], dirty)
load(n[20])
claim DSP-06: page(n[17]) != 0
p = mmap(pages=20, prot=rw, flags=private, file=f)
store(p[3], "a copy")
claim DSP-06: page(p[2]) == 0
h = get_user_pages(p[5], nr=1)
claim DSP-06: page(p[2]) != 0 and not pte(p[2], write) and page(p[3]) != page(n[3])
c = fork()
c: load(n[7])
fault_around(4096)
q = mmap(pages=20, prot=r, flags=shared, file=f)
load(q[2])
claim DSP-06: page(q[3]) == 0
fault_around(0)
fault_around(12288)
load(q[3])
fault_around(4194304)
fault_around(2097152)
r = mmap(pages=10, prot=r, flags=private, file=f, offset=15)
load(r[9])
claim DSP-06: page(r[2]) != 0
ftruncate(f, pages=3)
load(q[7])
