# Without huge pages in the pool a hugetlb mapping is refused, and what is small goes on.
requires: boot_arg == "hugepages=0"
m = mmap(pages=512, prot=rw, flags=private|anon|HUGETLB)
p = mmap(pages=1, prot=rw, flags=private|anon)
store(p[0], "small")
h = get_user_pages(p[0], nr=1)
put_page(h)
