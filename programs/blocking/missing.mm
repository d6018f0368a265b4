# get_user_pages does not wait for a userfaultfd, get_user_pages_fast does.

m = mmap(pages=3, prot=rw, flags=private|anon)
c = fork()
uffd_register(m)
h = get_user_pages(m[0], nr=1)
claim GUP-34: ret == -EFAULT
t = begin get_user_pages_fast(m[0], nr=2, gup_flags=WRITE)
claim GUP-34: blocked
c: uffd_copy(main, m[0], "first")
wait(t)
claim GUP-34: blocked
c: uffd_copy(main, m[1], "second")
k = wait(t)
claim GUP-34: ret == 2
peek(k[0], 5)
put_page(k)
i = get_user_pages(m[0], nr=3)
claim GUP-02: ret == 2
