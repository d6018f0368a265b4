# Secret memory is read neither through /proc/PID/mem nor by locking or populating it.
requires: option == SECRETMEM
f = memfd_secret(pages=2)
m = mmap(pages=2, prot=rw, flags=shared, file=f)
store(m[0], "x")
munlock(m)
mlock(m)
madvise(m, FREE)
msync(m, INVALIDATE)
mem_read(main, m[0], n=1)
claim ARV-03: ret == -EIO
madvise(m, POPULATE_WRITE)
madvise(m, DONTNEED)
