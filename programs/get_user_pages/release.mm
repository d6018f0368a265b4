# Each page goes back on its own; what was put is not there to be put again.
m = mmap(pages=3, prot=rw, flags=private|anon)
store(m[0], "a")
h = get_user_pages(m[0], nr=3, gup_flags=WRITE)
put_page(h[1])
claim GUP-06: ref(m[0]) == 2 and ref(m[1]) == 1 and ref(m[2]) == 2
put_page(h[1])
put_page(h[7])
put_page(h)
put_page(h)
claim GUP-06: ref(m[0]) == 1 and ref(m[2]) == 1
