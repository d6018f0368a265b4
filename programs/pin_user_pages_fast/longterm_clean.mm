# Behind a LONGTERM walk the slow path leaves a clean page clean; behind a short one it dirties it.
m = mmap(pages=3, prot=r, flags=private|anon)
a = pin_user_pages_fast(m[0], nr=1, gup_flags=WRITE|FORCE|LONGTERM)
b = pin_user_pages_fast(m[1], nr=1, gup_flags=WRITE|FORCE)
c = pin_user_pages(m[2], nr=1, gup_flags=WRITE|FORCE)
claim GUP-14: not pte(m[0], write) and not flag(a[0], zero)
unpin_user_page(b)
