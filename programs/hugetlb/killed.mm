# With SIGKILL pending huge pages of hugetlb give an error, as small ones do, but maybe another.
m = mmap(pages=512, prot=rw, flags=private|anon|HUGETLB)
store(m[0], "there")
c = fork()
d = fork()
h = c: get_user_pages(m[0], nr=1, pending=SIGKILL)
k = d: get_user_pages_fast(m[0], nr=1, pending=SIGKILL)
put_page(k)
