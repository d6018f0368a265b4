# MADV_POPULATE_WRITE goes on behind a hole and then says -ENOMEM, or ends there.
m = mmap(pages=5, prot=rw, flags=private|anon)
munmap(m[1], pages=1)
madvise(m, POPULATE_WRITE)
munmap(m[3], pages=1)
madvise(m[1], pages=4, advice=POPULATE_READ)
