# A populated write-only page: the walk takes it for reading, get_user_pages does not.
m = mmap(pages=2, prot=w, flags=private|anon)
store(m[0], "w")
s = get_user_pages(m[0], nr=1)
f = get_user_pages_fast(m[0], nr=1)
claim FAST-05: ret == -EFAULT
g = get_user_pages_fast(m[1], nr=1)
put_page(f)
