# A swapon that fails leaves what was swapped as it is.

m = mmap(pages=1, prot=rw, flags=private|anon)
store(m[0], "swapped")
swapon()
madvise(m, PAGEOUT)
swapon()
load(m[0], n=7)
