# A shared file mapping: clean and writable after a read, dirty after a write.
f = memfd(pages=3)
m = mmap(pages=2, prot=rw, flags=shared, file=f, offset=1)
r = mmap(pages=3, prot=r, flags=shared, file=f)
load(m[0])
store(m[1], "dirty")
store(m[0], "by hardware")
d = load(r[1], 11)
load(r[2])
