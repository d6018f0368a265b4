# A mremap that changes no size unmaps nothing, and so tells nothing of what a task keeps to itself.
m = mmap(pages=4, prot=rw, flags=private|anon)
store(m[0], "one")
store(m[1], "two")
mremap(m[1], 2, pages=2)
store(m[2], "three")
statm()
