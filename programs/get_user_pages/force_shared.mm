# FORCE does not write to a shared mapping that is read-only, nor copy it.
f = memfd(pages=1)
m = mmap(pages=1, prot=r, flags=shared, file=f)
s = mmap(pages=1, prot=r, flags=shared|anon)
h = get_user_pages(m[0], nr=1, gup_flags=WRITE|FORCE)
claim GUP-15: ret == 1
g = get_user_pages(s[0], nr=1, gup_flags=WRITE|FORCE)
claim GUP-15: ret == 1
r = get_user_pages(m[0], nr=1, gup_flags=FORCE)
put_page(r)
