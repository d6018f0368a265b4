# A populated exec-only page: the walk takes it for reading, get_user_pages does not.
m = mmap(pages=1, prot=rw, flags=private|anon)
store(m[0], "x")
mprotect(m, prot=x)
s = get_user_pages(m[0], nr=1)
f = get_user_pages_fast(m[0], nr=1)
claim FAST-05: ret == -EFAULT
load(m[0])
put_page(f)
