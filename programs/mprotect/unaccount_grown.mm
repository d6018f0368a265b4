# Untouched memory that is made read-only, and its neighbour, which was never writable: do they grow as one?
m = mmap(pages=1, prot=rw, flags=private|anon)
n = mmap(pages=1, prot=r, flags=private|anon, adjacent_to=m)
mprotect(m, prot=r)
t = mmap(pages=3, prot=rw, flags=private|anon)
mremap(m, pages=2, new_pages=3, to=t[0])
