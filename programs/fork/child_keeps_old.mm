# CVE-2020-29374: a child that got a shared page for reading and unmapped it sees the old bytes.
m = mmap(pages=1, prot=rw, flags=private|anon)
store(m[0], "old")
c = fork()
h = c: get_user_pages(m[0], nr=1)
c: munmap(m)
store(m[0], "new")
d = peek(h[0], n=3)
claim GUP-38: d == "old" and page(h[0]) != page(m[0])
