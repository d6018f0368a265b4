# Advice that changes nothing does not mind to begin inside a huge page; nor may one grow down.
m = mmap(pages=512, prot=rw, flags=private|anon|HUGETLB)
madvise(m, NOHUGEPAGE)
madvise(m[2], NOHUGEPAGE, pages=510)
madvise(m[2], HUGEPAGE, pages=510)
n = mmap(pages=512, prot=rw, flags=private|anon|HUGETLB|GROWSDOWN)
