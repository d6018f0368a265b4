# A page that is dirty is mapped writable and clean where another mapping reads it.
f = memfd(pages=1)
m = mmap(pages=1, prot=rw, flags=shared, file=f)
n = mmap(pages=1, prot=rw, flags=shared, file=f)
store(m[0], "dirty")
load(n[0], n=5)
claim DSP-05: page(n[0]) == page(m[0]) and pte(n[0], write) and pte(n[0], dirty)
claim DSP-09: not pte(n[0], write)
store(n[0], "again")
