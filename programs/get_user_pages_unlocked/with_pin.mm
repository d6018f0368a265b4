# A caller of get_user_pages_unlocked asks for a pin: it gets one where nothing stops it.
m = mmap(pages=1, prot=rw, flags=private|anon)
store(m[0], "pinned")
a = get_user_pages_unlocked(m[0], nr=1, gup_flags=WRITE|PIN)
put_page(a)
unpin_user_page(a)
