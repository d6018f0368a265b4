# Secret memory has no neighbours that a read fault maps.
requires: option == SECRETMEM
fault_around(65536)
s = memfd_secret(pages=4)
t = mmap(pages=4, prot=rw, flags=shared, file=s)
store(t[0], "secret")
store(t[1], "secret")
munmap(t)
u = mmap(pages=4, prot=rw, flags=shared, file=s)
load(u[0])
