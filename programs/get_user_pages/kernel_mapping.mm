# What the kernel writes through its own mapping the process reads at once, and the other way round.
m = mmap(pages=1, prot=rw, flags=private|anon)
f = memfd(pages=1)
s = mmap(pages=1, prot=rw, flags=shared, file=f)
h = get_user_pages(m[0], nr=1, gup_flags=WRITE)
poke(h[0]+8, "from the kernel")
a = load(m[0]+8, n=15)
claim GUP-37: a == "from the kernel"
store(m[0]+8, "from the process")
b = peek(h[0]+8, n=16)
claim GUP-37: b == "from the process"
g = pin_user_pages(s[0], nr=1, gup_flags=WRITE)
poke(g[0], "to a file")
c = load(s[0], n=9)
claim GUP-37: c == "to a file"
set_page_dirty(g)
unpin_user_page(g)
put_page(h)
