# A private copy that was swapped out is a copy still: it stays with even_cows 0, and goes with 1.
f = memfd(pages=4)
s = mmap(pages=4, prot=rw, flags=shared, file=f)
p = mmap(pages=4, prot=rw, flags=private, file=f)
store(s[0], "file")
store(p[0], "copy 0")
store(p[1], "copy 1")
store(p[2], "copy 2")
load(p[3])
swapon()
madvise(p[0], PAGEOUT, pages=3)
c = fork()
claim UMR-05: pte(p[0], swap) and pte(p[1], swap) and pte(c, p[0], swap)
unmap_mapping_range(f, holebegin=0, holelen=8192, even_cows=0)
claim UMR-05: pte(p[0], swap) and pte(p[1], swap) and pte(c, p[0], swap) and page(s[0]) == 0
d = load(p[0], 6)
claim UMR-05: d == "copy 0"
unmap_mapping_range(f, holebegin=4096, holelen=0, even_cows=1)
claim UMR-06: not pte(p[1], swap) and not pte(p[2], swap) and page(p[3]) == 0 and page(p[0]) != 0
claim UMR-06: not pte(c, p[1], swap) and pte(c, p[0], swap)
load(p[1])
madvise(p[0], DONTNEED, pages=1)
claim ZAP-04: page(p[0]) == 0
e = c: load(p[0], 6)
c: madvise(p[0], PAGEOUT, pages=1)
c: execve()
g = load(p[0], 4)
claim ZAP-04: g == "file"
statm()
