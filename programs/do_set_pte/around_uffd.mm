# Where a userfaultfd has missing pages, neighbours are mapped first, and then it is asked.
f = memfd(pages=8)
m = mmap(pages=8, prot=rw, flags=shared, file=f)
store(m[0], "in the cache")
n = mmap(pages=8, prot=rw, flags=shared, file=f)
fault_around(65536)
p = fork()
p: uffd_register(n)
t = p: begin load(n[3])
claim DSP-06: blocked and page(p, n[0]) != 0
uffd_copy(p, n[3], "filled in")
wait(t)
