# Faults are the other process's: its page tables and counters grow, the caller's stay.
m = mmap(pages=3, prot=rw, flags=private|anon)
c = fork()
h = get_user_pages_remote(c, m[0], nr=2, gup_flags=WRITE)
claim GUP-01: ret == 2 and pte(c, m[0], write) and not pte(m[0], present)
poke(h[0], "written from outside")
d = c: load(m[0], n=20)
claim GUP-37: d == "written from outside"
g = get_user_pages_remote(c, m[2], nr=1)
claim GUP-09: pte(c, m[2], zero)
i = get_user_pages_remote(c, m[1], nr=1, gup_flags=WRITE, pages=NULL)
claim GUP-16: ret == 1 and ref(c, m[1]) == 2
