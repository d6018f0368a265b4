# After fork the PTE is read-only: the walk gives up for WRITE, the slow path copies.
m = mmap(pages=1, prot=rw, flags=private|anon)
store(m[0], "both")
c = fork()
r = get_user_pages_fast(m[0], nr=1)
claim FAST-01: ret == 1 and ref(m[0]) == 3
w = get_user_pages_fast(m[0], nr=1, gup_flags=WRITE)
claim FAST-07: ret == 1 and page(w[0]) != page(r[0])
c: exit()
put_page(r)
put_page(w)
