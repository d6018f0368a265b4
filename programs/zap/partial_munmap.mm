# munmap of the middle leaves both ends as they were; a hole is no error.
m = mmap(pages=5, prot=rw, flags=private|anon)
store(m[0], "low")
store(m[2], "middle")
store(m[4], "high")
munmap(m[1], pages=3)
claim UMV-02: page(m[0]) != 0 and page(m[2]) == 0 and page(m[4]) != 0
munmap(m[1], pages=3)
load(m[2])
a = load(m[0], 3)
b = load(m[4], 4)
munmap(m[-1], pages=7)
load(m[0])
