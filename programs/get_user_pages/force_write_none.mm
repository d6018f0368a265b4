# FORCE writes even where nothing may be accessed, over the zero page and over a page.
m = mmap(pages=2, prot=rw, flags=private|anon)
store(m[0], "page")
load(m[1])
mprotect(m, prot=none)
a = get_user_pages(m[0], nr=2, gup_flags=WRITE|FORCE)
claim GUP-14: ret == 2
poke(a[0], "poked")
mprotect(m, prot=rw)
d = load(m[0], 5)
claim GUP-14: d == "poked"
put_page(a)
