# A page held before a copy was made stays behind: writes of the process go elsewhere.
f = memfd(pages=1)
p = mmap(pages=1, prot=rw, flags=private, file=f)
load(p[0])
h = get_user_pages(p[0], nr=1)
store(p[0], "mine")
d = peek(h[0], 4)
claim GUP-10: d == "\x00\x00\x00\x00" and page(p[0]) != page(h[0])
poke(h[0], "file")
e = load(p[0], 4)
claim GUP-10: e == "mine"
put_page(h)
