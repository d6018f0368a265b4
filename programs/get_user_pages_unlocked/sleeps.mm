# It may sleep for a page that userfaultfd misses, where get_user_pages may not; a fast pin as well.
m = mmap(pages=3, prot=rw, flags=private|anon)
p = fork()
p: uffd_register(m)
t = p: begin get_user_pages_unlocked(m[0], nr=2, gup_flags=WRITE)
claim GUP-34: blocked
uffd_copy(p, m[0], "one")
uffd_copy(p, m[1], "two")
k = wait(t)
claim GUP-34: ret == 2
u = p: begin pin_user_pages_fast(m[1], nr=2)
claim GUP-34: blocked
uffd_copy(p, m[2], "three")
i = wait(u)
claim GUP-34: ret == 2 and ref(i[1]) == 1025
g = p: pin_user_pages_fast(m[0], nr=3, gup_flags=LONGTERM)
claim GUP-34: ret == 3
