# On a disk's file as on a memfd: dirty entries reach their pages, copies stay or go, reading maps again.
f = open(pages=3)
pwrite(f, offset=0, data="on the disk")
pwrite(f, offset=4096, data="second")
fsync(f)
s = mmap(pages=3, prot=rw, flags=shared, file=f)
p = mmap(pages=3, prot=rw, flags=private, file=f)
store(s[0], "dirtied")
load(s[1])
store(p[0], "copy")
load(p[1])
h = get_user_pages(s[0], nr=2)
unmap_mapping_range(f, holebegin=1, holelen=4097, even_cows=0)
claim UMR-01: page(s[0]) == 0 and page(s[1]) == 0 and page(p[1]) == 0
claim UMR-05: page(p[0]) != 0
claim UMR-01: flag(h[0], dirty) and not flag(h[1], dirty) and map(h[0]) == 0
d = load(s[0], 11)
e = load(p[1], 6)
unmap_mapping_range(f, holebegin=0, holelen=0, even_cows=1)
claim UMR-06: page(p[0]) == 0
claim UMR-04: page(s[0]) == 0 and page(p[1]) == 0
fsync(f)
put_page(h)
drop_caches()
g = load(p[0], 11)
