# DONTNEED leaves locked memory alone; DONTNEED_LOCKED discards it, and it stays locked.
f = memfd(pages=2)
m = mmap(pages=3, prot=rw, flags=private|anon)
s = mmap(pages=2, prot=rw, flags=shared, file=f)
store(m[0], "not locked")
store(m[1], "locked")
store(s[1], "file")
mlock(m[1], pages=2)
mlock(s)
madvise(m[1], pages=2, advice=DONTNEED)
claim ZAP-10: ret == -EINVAL and page(m[1]) != 0
madvise(s, DONTNEED)
claim ZAP-10: ret == -EINVAL and page(s[1]) != 0
madvise(m, DONTNEED_LOCKED)
claim ZAP-12: ret == 0 and page(m[0]) == 0 and page(m[1]) == 0
madvise(s, DONTNEED_LOCKED)
claim ZAP-12: ret == 0 and page(s[1]) == 0
madvise(m[0], pages=1, advice=DONTNEED)
claim ZAP-10: ret == 0
a = load(m[1], 6)
b = load(s[1], 4)
madvise(m[1], pages=1, advice=DONTNEED)
munlock(m)
madvise(m[1], pages=1, advice=DONTNEED)
