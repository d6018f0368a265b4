# A page got before fork is lost to the parent's next write, even when the child is gone.
m = mmap(pages=1, prot=rw, flags=private|anon)
store(m[0], "held")
h = get_user_pages(m[0], nr=1, gup_flags=WRITE)
c = fork()
c: exit()
store(m[0], "lost")
d = peek(h[0], n=4)
claim GUP-10: d == "held" and page(h[0]) != page(m[0])
