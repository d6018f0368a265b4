# A page held for a process that is gone keeps its bytes.
m = mmap(pages=1, prot=rw, flags=private|anon)
c = fork()
c: store(m[0], "mine")
h = c: get_user_pages(m[0], nr=1, gup_flags=WRITE)
c: exit()
d = peek(h[0], 4)
claim GUP-11: d == "mine" and ref(h[0]) == 1 and map(h[0]) == 0
put_page(h)
