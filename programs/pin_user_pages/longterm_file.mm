# A LONGTERM pin for reading of a private file mapping: the page of the file's cache, or a copy.
f = memfd(pages=1)
m = mmap(pages=1, prot=rw, flags=private, file=f)
s = mmap(pages=1, prot=rw, flags=shared, file=f)
store(s[0], "file")
a = pin_user_pages(m[0], nr=1, gup_flags=LONGTERM)
claim GUP-32: page(a[0]) != page(s[0])
b = pin_user_pages(m[0], nr=1, gup_flags=WRITE|LONGTERM)
claim GUP-13: page(b[0]) != page(s[0]) and flag(b[0], anon)
c = pin_user_pages(s[0], nr=1, gup_flags=WRITE|LONGTERM)
claim GUP-01: ret == 1 and page(c[0]) == page(s[0])
unpin_user_page(a)
d = peek(c[0], n=4)
claim GUP-09: d == "file"
