# Advice about no bytes is taken, whatever it is and wherever: nobody looks at what is there.
m = mmap(pages=2, prot=none, flags=shared|anon)
madvise(m[1], advice=POPULATE_READ, pages=0)
madvise(m[1], advice=FREE, pages=0)
madvise(m[2], advice=DONTNEED, pages=0)
madvise(m[1]+8, advice=DONTNEED, pages=0)
