# Reading untouched memory takes the zero page, with a reference each time.
m = mmap(pages=2, prot=rw, flags=private|anon)
h = get_user_pages(m[0], nr=2)
claim GUP-09: pte(m[0], zero) and pte(m[1], zero) and page(h[0]) == page(h[1])
claim GUP-01: ref(h[0]) == 2
poke(h[0], "never")
set_page_dirty_lock(h[1])
store(m[0], "mine")
d = peek(h[0], 4)
claim GUP-10: d == "\x00\x00\x00\x00" and page(m[0]) != page(h[0])
put_page(h)
