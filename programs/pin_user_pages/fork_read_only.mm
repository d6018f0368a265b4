# The child's copy of a pinned page in a read-only mapping is read-only, and dirty.
m = mmap(pages=1, prot=rw, flags=private|anon)
store(m[0], "pinned")
mprotect(m, prot=r)
h = pin_user_pages(m[0], nr=1)
c = fork()
claim GUP-31: page(c, m[0]) != page(m[0]) and not pte(c, m[0], write) and pte(c, m[0], dirty)
