# A page that was only allocated counts as the file's: going on clears it and maps it.

f = memfd(pages=2)
fallocate(f, offset=0, n=8192)
m = mmap(pages=2, prot=rw, flags=shared, file=f)
uffd_register(m, mode=MINOR)
get_user_pages(m[0], nr=1)
uffd_continue(main, m[0])
load(m[0], n=8)
h = get_user_pages(m[0], nr=2)
