# A copy that FORCE made is clean: allowed to write, the process still faults once.
m = mmap(pages=1, prot=r, flags=private|anon)
h = get_user_pages(m[0], nr=1, gup_flags=WRITE|FORCE)
mprotect(m, prot=rw)
store(m[0], "same page")
d = peek(h[0], 9)
claim GUP-49: d == "same page" and page(h[0]) == page(m[0])
put_page(h)
