# Where the architecture cannot protect, registering for it fails, and so does protecting.
requires: option != HAVE_ARCH_USERFAULTFD_WP

m = mmap(pages=2, prot=rw, flags=private|anon)
uffd_register(m, mode=WP)
uffd_register(m, mode=WP|MISSING)
n = mmap(pages=2, prot=rw, flags=private|anon)
uffd_register(n)
uffd_writeprotect(main, n, mode=WP)
uffd_copy(main, n[0], "protected", mode=WP)
uffd_copy(main, n[0], "not protected")
