# A mapping that is to be as large as it is stays one: a huge page fits in it as before.
m = mmap(pages=512, prot=rw, flags=private|anon, align=512)
madvise(m, HUGEPAGE)
mremap(m[100], 3, pages=3)
store(m[7], "huge")
