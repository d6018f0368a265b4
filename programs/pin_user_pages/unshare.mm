# A pin for reading of a page that fork shares gets a page of its own first; a get does not.
m = mmap(pages=1, prot=rw, flags=private|anon)
store(m[0], "both")
c = fork()
g = c: get_user_pages(m[0], nr=1)
claim GUP-31: page(g[0]) == page(m[0])
h = c: pin_user_pages(m[0], nr=1)
claim GUP-47: page(h[0]) != page(m[0]) and page(h[0]) == page(c, m[0])
claim GUP-47: flag(h[0], exclusive) and not pte(c, m[0], write) and not pte(c, m[0], dirty)
c: store(m[0], "mine")
claim GUP-47: page(h[0]) == page(c, m[0])
d = peek(h[0], n=4)
e = peek(g[0], n=4)
claim GUP-47: d == "mine" and e == "both"
