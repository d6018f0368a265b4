# Secret memory is unmapped as any other is: the page stays the file's, unread by the kernel.
requires: option == SECRETMEM
f = memfd_secret(pages=3)
m = mmap(pages=3, prot=rw, flags=shared, file=f)
store(m[0], "secret")
store(m[1], "too")
load(m[2])
c = fork()
c: load(m[0])
madvise(m[2], DONTNEED, pages=1)
claim ZAP-10: ret == 0 and page(m[2]) == 0 and page(m[0]) != 0
unmap_mapping_range(f, holebegin=4000, holelen=96, even_cows=0)
claim UMR-01: page(m[0]) == 0 and page(c, m[0]) == 0 and page(m[1]) != 0
zap_page_range(m)
claim ZAP-14: page(m[1]) == 0
d = load(m[0], 6)
e = c: load(m[1], 3)
n = mmap(pages=1, prot=rw, flags=private|anon, at=m[0])
c: execve()
