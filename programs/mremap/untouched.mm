# Memory that was never written takes the offset of its new place, and merges there.
n = mmap(pages=4, prot=rw, flags=private|anon)
m = mmap(pages=2, prot=rw, flags=private|anon)
store(n[0], "written")
munmap(n[2], pages=2)
mremap(m, new_pages=2, to=n[2])
load(n[2])
c = fork()
c: load(n[3])
