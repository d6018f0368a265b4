# Private copies stay with even_cows 0, and go with 1; then the file's page is read again.
f = memfd(pages=3)
s = mmap(pages=3, prot=rw, flags=shared, file=f)
p = mmap(pages=3, prot=rw, flags=private, file=f)
store(s[0], "file")
store(s[1], "file")
store(p[0], "copy")
load(p[1])
store(p[2], "copy")
c = fork()
c: store(p[1], "child")
h = get_user_pages(p[0], nr=1)
i = c: get_user_pages(p[1], nr=1)
unmap_mapping_range(f, holebegin=0, holelen=8192, even_cows=0)
claim UMR-05: page(p[0]) == page(h[0]) and page(c, p[0]) == page(h[0]) and page(c, p[1]) == page(i[0])
claim UMR-05: page(p[1]) == 0 and page(s[0]) == 0 and page(s[1]) == 0
d = load(p[0], 4)
claim UMR-05: d == "copy"
load(p[1])
unmap_mapping_range(f, holebegin=0, holelen=8192, even_cows=1)
claim UMR-06: page(p[0]) == 0 and page(p[1]) == 0 and page(c, p[0]) == 0 and page(c, p[1]) == 0
claim UMR-06: page(p[2]) != 0 and ref(h[0]) == 1 and map(h[0]) == 0
e = load(p[0], 4)
claim UMR-06: e == "file"
g = c: load(p[1], 4)
claim UMR-06: g == "file"
put_page(h)
put_page(i)
