# Huge pages of hugetlb move whole, and never grow.
m = mmap(pages=1024, prot=rw, flags=private|anon|HUGETLB)
t = mmap(pages=1024, prot=rw, flags=private|anon, align=512)
store(m[0], "x")
mremap(m, new_pages=512)
mremap(m[0], new_pages=1024, pages=512)
mremap(m[0], new_pages=512, pages=512, to=t[0])
mremap(t[0], new_pages=512, pages=512, to=t[3])
d = load(t[0], 1)
