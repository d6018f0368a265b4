# A sleeping get_user_pages_fast has references of the pages that it got so far.

m = mmap(pages=4, prot=rw, flags=private|anon)
store(m[0], "here")
store(m[2], "here too")
c = fork()
c: uffd_register(m)
t = c: begin get_user_pages_fast(m[0], nr=4)
claim GUP-34: blocked
h = wait(t)
peek(h[0], 4)
put_page(h)
set_page_dirty_lock(h[0])
load(m[0], n=4)
uffd_zeropage(c, m[1])
wait(t)
uffd_copy(c, m[3], "last")
i = wait(t)
claim GUP-34: ret == 4
claim GUP-01: ref(i[3]) == 2
peek(i[3], 4)
put_page(h)
