# Of anonymous memory nothing remembers a protected page that is discarded.
requires: option == HAVE_ARCH_USERFAULTFD_WP

m = mmap(pages=3, prot=rw, flags=private|anon)
store(m[0], "one")
store(m[1], "two")
uffd_register(m, mode=WP)
uffd_writeprotect(main, m[0], pages=3, mode=WP)
madvise(m[0], DONTNEED, pages=1)
madvise(m[1], FREE, pages=1)
store(m[0], "not protected")
store(m[2], "nor this")
uffd_register(m)
store(m[1], "registered otherwise")
uffd_writeprotect(main, m, mode=WP)
uffd_register(m, mode=WP|MISSING)
uffd_register(m, mode=WP)
uffd_writeprotect(main, m[0], pages=1, mode=WP)
exit()
