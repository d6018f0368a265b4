# Where the architecture cannot protect, registering for it fails, and so does protecting.
requires: option != HAVE_ARCH_USERFAULTFD_WP

m = mmap(pages=2, prot=rw, flags=private|anon)
uffd_register(m, mode=WP)
uffd_register(m, mode=WP|MISSING)
uffd_register(m)
uffd_writeprotect(main, m, mode=WP)
uffd_copy(main, m[0], "protected", mode=WP)
uffd_copy(main, m[0], "not protected")
