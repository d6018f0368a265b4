# A page dirtied by hardware alone becomes PG_dirty when its mapping goes.
f = memfd(pages=2)
m = mmap(pages=2, prot=rw, flags=shared, file=f)
load(m[0])
store(m[0], "by hardware")
load(m[1])
munmap(m)
n = mmap(pages=2, prot=r, flags=shared, file=f)
d = load(n[0], 11)
