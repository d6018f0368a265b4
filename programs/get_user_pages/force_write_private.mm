# FORCE writes to a read-only private mapping through a copy that stays read-only.
f = memfd(pages=1)
i = mmap(pages=1, prot=rw, flags=shared, file=f)
store(i[0], "file")
p = mmap(pages=1, prot=r, flags=private, file=f)
m = mmap(pages=2, prot=r, flags=private|anon)
load(m[1])
a = get_user_pages(p[0], nr=1, gup_flags=WRITE)
claim GUP-05: ret == -EFAULT
b = get_user_pages(p[0], nr=1, gup_flags=WRITE|FORCE)
claim GUP-14: ret == 1 and flag(b[0], anon) and pte(p[0], write) == 0
poke(b[0], "copy")
c = get_user_pages(m[0], nr=2, gup_flags=WRITE|FORCE)
claim GUP-14: ret == 2 and pte(m[0], write) == 0
d = load(i[0], 4)
claim GUP-14: d == "file"
e = load(p[0], 4)
claim GUP-14: e == "copy"
store(m[0], "no")
put_page(b)
put_page(c)
