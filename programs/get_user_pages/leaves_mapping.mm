# The held page may leave the mapping, and another may take its place.
m = mmap(pages=1, prot=rw, flags=private|anon)
store(m[0], "old")
h = get_user_pages(m[0], nr=1, gup_flags=WRITE)
madvise(m, DONTNEED)
a = load(m[0], 3)
claim GUP-10: page(m[0]) != page(h[0]) and a == "\x00\x00\x00"
store(m[0], "new")
claim GUP-10: page(m[0]) != page(h[0])
b = peek(h[0], 3)
claim GUP-11: b == "old" and ref(h[0]) == 1 and map(h[0]) == 0
put_page(h)
