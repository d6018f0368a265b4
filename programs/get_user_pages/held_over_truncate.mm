# A page of a file that was truncated away stays with who holds it.
f = memfd(pages=2)
m = mmap(pages=2, prot=rw, flags=shared, file=f)
store(m[1], "kept")
h = get_user_pages(m[1], nr=1, gup_flags=WRITE)
claim GUP-01: ref(h[0]) == 3
ftruncate(f, pages=1)
d = peek(h[0], 4)
claim GUP-11: d == "kept" and ref(h[0]) == 1 and flag(h[0], mapping) == 0
set_page_dirty_lock(h)
ftruncate(f, pages=2)
e = load(m[1], 4)
claim GUP-10: e == "\x00\x00\x00\x00" and page(m[1]) != page(h[0])
put_page(h)
