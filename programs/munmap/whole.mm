# munmap takes every page: each loses a mapping and a reference, and what nobody else has is freed.
f = memfd(pages=2)
m = mmap(pages=4, prot=rw, flags=private|anon)
s = mmap(pages=2, prot=rw, flags=shared, file=f)
p = mmap(pages=2, prot=rw, flags=private, file=f)
store(m[0], "one")
load(m[1])
store(m[2], "two")
store(s[0], "file")
load(p[0])
store(p[1], "copy")
c = fork()
c: store(m[2], "child's")
h = get_user_pages(m[0], nr=1)
claim UMV-01: ref(h[0]) == 3 and map(h[0]) == 2
munmap(m)
claim UMV-01: page(m[0]) == 0 and page(m[1]) == 0 and page(m[2]) == 0
claim UMV-01: ref(h[0]) == 2 and map(h[0]) == 1
i = get_user_pages(p[0], nr=2)
claim UMV-01: map(i[0]) == 3 and map(i[1]) == 2
munmap(p)
claim UMV-01: map(i[0]) == 2 and map(i[1]) == 1
munmap(s)
claim UMV-01: map(i[0]) == 1 and page(s[0]) == 0
d = c: load(m[0], 3)
put_page(i)
put_page(h)
c: munmap(m)
