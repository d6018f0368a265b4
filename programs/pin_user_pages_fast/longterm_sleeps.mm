# A fast LONGTERM pin of a page that userfaultfd misses: it sleeps for it, or must not and is an error.
m = mmap(pages=1, prot=rw, flags=private|anon)
p = fork()
p: uffd_register(m)
t = p: begin pin_user_pages_fast(m[0], nr=1, gup_flags=LONGTERM|WRITE)
uffd_copy(p, m[0], "one")
k = wait(t)
