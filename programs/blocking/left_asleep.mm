# A program may end while one of its processes sleeps.

m = mmap(pages=2, prot=rw, flags=private|anon)
store(m[0], "here")
c = fork()
c: uffd_register(m)
h = get_user_pages(m[0], nr=1)
load(m[0], n=4)
c: get_user_pages_fast(m[0], nr=2)
