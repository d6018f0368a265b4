# A count of 0 where nothing is present ends at once.
m = mmap(pages=2, prot=rw, flags=private|anon)
a = get_user_pages_fast(m[0], nr=0)
load(m[0])
b = get_user_pages_fast(m[0], nr=0)
mprotect(m, prot=none)
c = get_user_pages_fast(m[0], nr=0)
d = get_user_pages_fast(m[-1], nr=0)
