# An address in the middle of a page is no place to begin: -EINVAL, and nothing changes.
m = mmap(pages=2, prot=rw, flags=private|anon)
store(m[0], "stays")
munmap(m[0]+1, pages=1)
mprotect(m[0]+8, pages=1, prot=r)
madvise(m[0]+4095, pages=1, advice=DONTNEED)
store(m[0]+2, "a")
