# A held page is never freed: its bytes outlive munmap.
requires: arch in (x86_64, arm64)

m = mmap(pages=2, prot=rw, flags=private|anon)
store(m[0], "hello")
h = get_user_pages(m[0], nr=2, gup_flags=WRITE)
claim GUP-01: ret == 2
munmap(m)
d = peek(h[0], 5)
claim GUP-11: d == "hello"
put_page(h)
c = fork()
c: exit()
