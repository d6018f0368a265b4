# A pin is 1024 references; unpinning gives them back, a get beside it is one more.
m = mmap(pages=2, prot=rw, flags=private|anon)
a = pin_user_pages(m[0], nr=2, gup_flags=WRITE)
claim GUP-01: ret == 2 and ref(m[0]) == 1025 and map(m[0]) == 1
b = pin_user_pages(m[0], nr=1)
claim GUP-01: ref(m[0]) == 2049
c = get_user_pages(m[0], nr=1)
claim GUP-01: ref(m[0]) == 2050
unpin_user_page(a[0])
claim GUP-06: ref(m[0]) == 1026
unpin_user_page(a)
unpin_user_page(b)
put_page(c)
claim GUP-06: ref(m[0]) == 1 and ref(m[1]) == 1
