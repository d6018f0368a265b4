# A mapping may be asked to grow by more than there is room for.
m = mmap(pages=1, prot=rw, flags=private|anon)
n = mmap(pages=3000, prot=none, flags=private|anon)
mremap(m, new_pages=2900)
mremap(m, new_pages=3)
