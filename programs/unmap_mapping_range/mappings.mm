# A hole leaves every mapping of the file, shared or private, whosever it is; other files keep theirs.
f = memfd(pages=4)
g = memfd(pages=4)
s = mmap(pages=4, prot=rw, flags=shared, file=f)
r = mmap(pages=2, prot=r, flags=shared, file=f, offset=2)
p = mmap(pages=4, prot=rw, flags=private, file=f)
o = mmap(pages=4, prot=rw, flags=shared, file=g)
load(s[1])
store(s[1], "by hardware")
load(s[2])
load(r[0])
load(p[1])
load(p[2])
load(p[3])
store(o[1], "other")
load(o[2])
c = fork()
c: load(s[2])
c: load(p[2])
c: load(p[3])
h = get_user_pages(s[1], nr=2)
claim UMR-01: map(h[1]) == 5 and not flag(h[0], dirty)
unmap_mapping_range(f, holebegin=4096, holelen=8192, even_cows=0)
claim UMR-01: ret == 0 and page(s[1]) == 0 and page(s[2]) == 0 and page(r[0]) == 0
claim UMR-01: page(p[1]) == 0 and page(p[2]) == 0 and page(p[3]) != 0
claim UMR-01: page(c, s[2]) == 0 and page(c, p[2]) == 0 and page(c, p[3]) != 0
claim UMR-01: map(h[1]) == 0 and ref(h[1]) == 2 and flag(h[0], dirty) and flag(h[1], mapping)
claim UMR-01: page(o[1]) != 0 and page(o[2]) != 0
d = load(s[1], 11)
c: load(p[2])
c: unmap_mapping_range(g, holebegin=0, holelen=0, even_cows=1)
claim UMR-01: page(o[1]) == 0 and page(o[2]) == 0 and page(s[1]) != 0
put_page(h)
