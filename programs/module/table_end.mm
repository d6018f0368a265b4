# A count of 0 is refused where nothing would stop the walk before its page table ends.
m = mmap(pages=600, prot=rw, flags=private|anon)
a = get_user_pages_fast(m[400], nr=0)
b = get_user_pages_fast(m[590], nr=0)
munmap(m[511], pages=1)
c = get_user_pages_fast(m[400], nr=0)
d = get_user_pages_fast(m[510], nr=0)
munmap(m[510], pages=1)
e = get_user_pages_fast(m[509], nr=0)
