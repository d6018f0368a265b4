# Pages of shared anonymous memory are the cache's: held, they outlive the last mapping.
m = mmap(pages=2, prot=rw, flags=shared|anon)
store(m[0], "shared")
h = get_user_pages(m[0], nr=2, gup_flags=WRITE)
claim GUP-01: ret == 2 and ref(h[0]) == 3 and map(h[0]) == 1
c = fork()
d = c: load(m[0], 6)
claim GUP-09: d == "shared" and map(h[0]) == 2
munmap(m)
c: munmap(m)
e = peek(h[0], 6)
claim GUP-11: e == "shared" and ref(h[0]) == 1 and flag(h[0], mapping) == 0
put_page(h)
c: exit()
