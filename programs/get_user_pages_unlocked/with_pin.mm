# Nothing stops a caller of get_user_pages_unlocked from asking for a pin: it gets one.
m = mmap(pages=1, prot=rw, flags=private|anon)
store(m[0], "pinned")
a = get_user_pages_unlocked(m[0], nr=1, gup_flags=WRITE|PIN)
claim GUP-01: ret == 1 and ref(m[0]) == 1025
put_page(a)
unpin_user_page(a)
claim GUP-06: ref(m[0]) == 1
