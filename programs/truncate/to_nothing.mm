# An empty file has no page: every access is SIGBUS until it grows again.
f = memfd(pages=1)
s = mmap(pages=1, prot=rw, flags=shared, file=f)
store(s[0], "x")
ftruncate(f, pages=0)
load(s[0])
a = get_user_pages(s[0], nr=1)
claim GUP-05: ret == -EFAULT
ftruncate(f, size=1)
d = load(s[0], 2)
