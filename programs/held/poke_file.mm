# What is written through a held page of a file is what every mapping reads.
f = memfd(pages=1)
a = mmap(pages=1, prot=rw, flags=shared, file=f)
b = mmap(pages=1, prot=r, flags=private, file=f)
load(b[0])
h = get_user_pages(a[0], nr=1, gup_flags=WRITE)
poke(h[0]+4000, "from below")
d = load(b[0]+4000, 10)
claim GUP-09: d == "from below"
put_page(h)
peek(h[0], 1)
poke(h[0], "late")
