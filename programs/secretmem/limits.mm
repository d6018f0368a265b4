# What secret memory does not do: private, executable, a second size, a page behind its end.
requires: option == SECRETMEM
f = memfd_secret(size=0)
ftruncate(f, size=5000)
ftruncate(f, pages=3)
p = mmap(pages=1, prot=rw, flags=private, file=f)
x = mmap(pages=1, prot=rx, flags=shared, file=f)
m = mmap(pages=3, prot=r, flags=shared, file=f)
mprotect(m, prot=rwx)
load(m[1])
store(m[1], "no")
mprotect(m, prot=rw)
store(m[1]+100, "yes")
load(m[2])
