# Dropping caches leaves huge pages alone.
m = mmap(pages=512, prot=rw, flags=private|anon|HUGETLB)
load(m[0])
drop_caches()
store(m[1], "private")
drop_caches()
load(m[1], n=7)
