# A page of less protection ends the call short.
m = mmap(pages=3, prot=rw, flags=private|anon)
store(m[0], "w")
mprotect(m[1], pages=1, prot=r)
mprotect(m[2], pages=1, prot=none)
w = get_user_pages(m[0], nr=3, gup_flags=WRITE)
claim GUP-02: ret == 1
r = get_user_pages(m[0], nr=3)
claim GUP-02: ret == 2
f = get_user_pages(m[0], nr=3, gup_flags=FORCE)
put_page(w)
put_page(r)
put_page(f)
