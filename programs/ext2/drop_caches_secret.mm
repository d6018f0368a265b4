# Dropping caches misses secret memory, read or written: its file is on no list.
requires: option == SECRETMEM
f = memfd_secret(pages=2)
m = mmap(pages=2, prot=rw, flags=shared, file=f)
load(m[0])
store(m[1], "kept")
madvise(m, DONTNEED)
drop_caches()
load(m[0])
load(m[1], n=4)
drop_caches()
munmap(m)
drop_caches()
