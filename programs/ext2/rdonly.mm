# A shared mapping of a file opened for reading only can be neither written nor forced.
f = open(pages=1, flags=rdonly)
w = mmap(pages=1, prot=rw, flags=shared, file=f)
m = mmap(pages=1, prot=r, flags=shared, file=f)
load(m[0])
mprotect(m, prot=rw)
h = get_user_pages(m[0], nr=1, gup_flags=WRITE|FORCE)
claim GUP-15: ret == 1
ftruncate(f, pages=2)
fsync(f)
p = mmap(pages=1, prot=rw, flags=private, file=f)
store(p[0], "a private mapping may")
k = get_user_pages(m[0], nr=1)
put_page(k)
