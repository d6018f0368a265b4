# Returns the number of pages, each with a reference of its own.
m = mmap(pages=4, prot=rw, flags=private|anon)
store(m[0], "one")
store(m[1], "two")
h = get_user_pages(m[0], nr=2, gup_flags=WRITE)
claim GUP-01: ret == 2 and ref(h[0]) == 2 and ref(h[1]) == 2
put_page(h)
claim GUP-06: ref(m[0]) == 1
