# MADV_FREE of a page that this process alone maps, of a huge page that another maps as well.
m = mmap(pages=512, prot=rw, flags=private|anon, align=512)
madvise(m, HUGEPAGE)
store(m[3], "parent's")
mprotect(m[511], pages=1, prot=r)
c = fork()
madvise(m[3], DONTNEED, pages=1)
c: madvise(m[3], FREE, pages=1)
c: load(m[3], n=8)
