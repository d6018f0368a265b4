# A process reads and writes its own memory through /proc/PID/mem, from its first call on.
m = mmap(pages=512, prot=rw, flags=private|anon, align=512)
d = mem_read(main, m[7], n=4)
claim ARV-01: ret == 4
madvise(m, HUGEPAGE)
madvise(m[4], pages=2, advice=POPULATE_WRITE)
mprotect(m, prot=r)
e = mem_read(main, m[8], n=4)
mem_write(main, m[9], "x")
