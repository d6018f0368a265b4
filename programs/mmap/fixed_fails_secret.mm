# Secret memory that mmap refuses leaves what was there, what its file refuses takes it away.
requires: option == SECRETMEM
x = memfd_secret(pages=1)
m = mmap(pages=3, prot=rw, flags=private|anon)
store(m[1], "one")
store(m[2], "two")
b = mmap(pages=1, prot=rx, flags=shared, file=x, at=m[1])
e = load(m[1], 3)
c = mmap(pages=1, prot=rw, flags=private, file=x, at=m[1])
load(m[1])
g = mmap(pages=1, prot=rw, flags=shared, file=x, at=m[2])
store(g[0], "secret")
