# Secret memory cannot be registered with a userfaultfd, nor what lies beside it in one range.
requires: option == SECRETMEM

f = memfd_secret(pages=1)
m = mmap(pages=1, prot=rw, flags=private|anon)
s = mmap(pages=1, prot=rw, flags=shared, file=f, adjacent_to=m)
uffd_register(s)
uffd_register(m[0], pages=2)
store(m[0], "here")
load(s[0])
uffd_register(m)
