# Huge pages of hugetlb are discarded by either advice, from one's beginning, and the last ones only whole.
m = mmap(pages=1024, prot=rw, flags=private|anon|HUGETLB)
store(m[0], "first")
store(m[1000], "second")
mlock(m)
madvise(m[1], DONTNEED_LOCKED, pages=1023)
claim ZAP-10: ret == -EINVAL and page(m[0]) != 0 and page(m[1000]) != 0
madvise(m[0], DONTNEED_LOCKED, pages=1023)
claim ZAP-12: ret == 0 and page(m[0]) == 0 and page(m[1000]) != 0
madvise(m[0], DONTNEED_LOCKED, pages=511)
madvise(m[512], DONTNEED, pages=512)
claim ZAP-12: ret == 0 and page(m[1000]) == 0
