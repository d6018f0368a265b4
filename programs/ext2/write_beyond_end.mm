# What is stored behind the end of a file, in its last page, is zeroed when the page is written back.
f = open(size=4196)
m = mmap(pages=2, prot=rw, flags=shared, file=f)
store(m[1]+96, "abcdefgh")
d = load(m[1]+96, n=8)
fsync(f)
e = load(m[1]+96, n=8)
