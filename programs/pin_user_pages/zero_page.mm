# The zero page is returned as pinned, but no pin is counted on it; a LONGTERM pin may be of another.
m = mmap(pages=2, prot=rw, flags=private|anon)
a = pin_user_pages(m[0], nr=1)
b = pin_user_pages(m[0], nr=2, gup_flags=LONGTERM)
claim GUP-32: flag(b[1], zero) == 0
c = get_user_pages(m[0], nr=1)
unpin_user_page(b)
unpin_user_page(a)
put_page(c)
