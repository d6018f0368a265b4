# A file that begins empty: its page comes with the first ftruncate.
f = memfd(size=0)
m = mmap(pages=1, prot=rw, flags=shared, file=f)
load(m[0])
ftruncate(f, size=10)
store(m[0], "within")
store(m[0]+100, "behind the end")
ftruncate(f, size=20)
d = load(m[0]+100, 6)
