# FORCE for writing twice, the first reference held: the same page both times.
m = mmap(pages=1, prot=r, flags=private|anon)
a = get_user_pages(m[0], nr=1, gup_flags=WRITE|FORCE)
b = get_user_pages(m[0], nr=1, gup_flags=WRITE|FORCE)
claim GUP-51: page(a[0]) == page(b[0]) and ref(a[0]) == 3
put_page(a)
put_page(b)
