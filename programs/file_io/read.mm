# pread sees what mappings wrote; a hole reads as zeros and stays a hole; the end is the end.
f = memfd(size=9000)
s = mmap(pages=3, prot=rw, flags=shared, file=f)
store(s[0]+4090, "across")
d = pread(f, offset=4088, n=10)
e = pread(f, offset=4096, n=8)
x = pread(f, offset=8996, n=16)
y = pread(f, offset=9000, n=1)
z = pread(f, offset=16384, n=8)
h = get_user_pages(s[0], nr=1, gup_flags=WRITE)
poke(h[0], "poked")
v = pread(f, offset=0, n=5)
claim GUP-37: v == "poked"
put_page(h)
