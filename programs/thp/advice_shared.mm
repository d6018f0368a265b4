# MADV_FREE splits a huge page by how often its first page is mapped, by a leaf elsewhere too.

m = mmap(pages=512, prot=rw, flags=private|anon, align=512)
madvise(m, HUGEPAGE)
store(m[0], "zero")
c = fork()
c: madvise(m[8], DONTNEED, pages=1)
c: madvise(m[3], FREE, pages=1)
c: madvise(m[0], DONTNEED, pages=1)
c: madvise(m[3], FREE, pages=1)
store(m[0], "alone")
