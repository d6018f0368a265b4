# What was protected before it was swapped is protected when swapoff has brought it back.
requires: option == HAVE_ARCH_USERFAULTFD_WP

m = mmap(pages=2, prot=rw, flags=private|anon)
store(m[0], "protected")
store(m[1], "not")
c = fork()
c: store(m[0], "own")
c: store(m[1], "own")
c: uffd_register(m, mode=WP)
uffd_writeprotect(c, m[0], pages=1, mode=WP)
swapon()
c: madvise(m, PAGEOUT)
swapoff()
uffd_writeprotect(c, m[0], pages=1)
c: store(m[0], "free")
c: store(m[1], "free")
