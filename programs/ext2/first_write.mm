# A file on a disk learns of each page's first write: a page that was only read is read-only.
f = open(pages=3)
m = mmap(pages=3, prot=rw, flags=shared, file=f)
load(m[0])
store(m[0]+8, "after a load")
store(m[1], "at once")
load(m[2], n=16)
load(m[1], n=16)
munmap(m)
