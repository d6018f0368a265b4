# Locked memory that grows is there at once, in its old place or a new one.
m = mmap(pages=3, prot=rw, flags=private|anon)
t = mmap(pages=3, prot=rw, flags=private|anon)
munmap(m[1], pages=2)
mlock(m[0], pages=1)
mremap(m[0], new_pages=2, pages=1)
mremap(m[0], new_pages=3, pages=2, to=t[0])
mremap(t, new_pages=1)
store(t[0], "still locked")
