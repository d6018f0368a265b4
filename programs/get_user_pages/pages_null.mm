# With pages NULL the pages are only faulted in: the count comes back, no reference is taken.
m = mmap(pages=3, prot=rw, flags=private|anon)
a = get_user_pages(m[0], nr=1, pages=NULL)
claim GUP-16: ret == 1 and pte(m[0], zero) and not pte(m[1], present)
b = get_user_pages(m[0], nr=3, gup_flags=WRITE, pages=NULL)
claim GUP-16: ret == 3 and ref(m[0]) == 1 and map(m[2]) == 1
put_page(b)
claim GUP-16: refused == not_held
c = get_user_pages(m[1], nr=5, pages=NULL)
claim GUP-16: ret == 2
