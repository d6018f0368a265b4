# The same page asked for three times carries three more references.
m = mmap(pages=1, prot=rw, flags=private|anon)
store(m[0], "x")
a = get_user_pages(m[0], nr=1, gup_flags=WRITE)
b = get_user_pages(m[0], nr=1)
c = get_user_pages_fast(m[0], nr=1, gup_flags=WRITE)
claim GUP-01: ref(m[0]) == 4
put_page(b)
put_page(a)
put_page(c)
claim GUP-06: ref(m[0]) == 1
