# A mremap that changes no size unmaps nothing, and so tells nothing of what a task keeps to itself.
m = mmap(pages=4, prot=rw, flags=private|anon)
store(m[0], "one")
store(m[1], "two")
mremap(m[1], 2, pages=2)
store(m[2], "three")
statm()
# munmap of a page does: from then on the counters have it all.
munmap(m[3], pages=1)
statm()
madvise(m[0], DONTNEED, pages=1)
statm()
