# A pin cannot be put, nor a reference unpinned: each is refused by name, and nothing changes.
m = mmap(pages=1, prot=rw, flags=private|anon)
p = pin_user_pages(m[0], nr=1, gup_flags=WRITE)
g = get_user_pages(m[0], nr=1)
put_page(p)
unpin_user_page(g[0])
unpin_user_page(p[0])
unpin_user_page(p[0])
put_page(p)
munmap(m)
claim GUP-11: ref(g[0]) == 1
