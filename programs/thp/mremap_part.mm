# mremap of a part of a leaf splits it, and takes those pages of the compound page along.
v = mmap(pages=512, prot=rw, flags=private|anon, align=512)
u = mmap(pages=4, prot=rw, flags=private|anon)
madvise(v, HUGEPAGE)
store(v[7], "whole")
mremap(v[7], new_pages=2, pages=2, to=u[1])
d = load(u[1], n=5)
store(v[9], "split")
munmap(u)
