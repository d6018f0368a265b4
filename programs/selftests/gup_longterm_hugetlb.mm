# The kernel's gup_longterm self-test, hugetlb: pins for writing and reading of a private huge page.
m = mmap(pages=512, prot=rw, flags=private|anon|HUGETLB)
h = pin_user_pages(m[0], nr=1, gup_flags=WRITE|LONGTERM)
i = pin_user_pages(m[9], nr=1, gup_flags=LONGTERM)
j = pin_user_pages_fast(m[0], nr=2, gup_flags=WRITE|LONGTERM)
k = pin_user_pages_fast(m[9], nr=2, gup_flags=LONGTERM)
unpin_user_page(h)
unpin_user_page(i)
