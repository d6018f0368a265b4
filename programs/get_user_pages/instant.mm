# The page taken is the one the process sees: the same frame, the same bytes.
m = mmap(pages=2, prot=rw, flags=private|anon)
store(m[0]+100, "seen")
h = get_user_pages(m[0], nr=2)
d = peek(h[0]+100, 4)
claim GUP-09: page(h[0]) == page(m[0]) and d == "seen"
claim GUP-09: page(h[1]) == page(m[1]) and pte(m[1], zero)
store(m[0]+100, "then")
e = peek(h[0]+100, 4)
claim GUP-09: e == "then"
poke(h[0]+100, "both")
g = load(m[0]+100, 4)
claim GUP-09: g == "both"
put_page(h)
