# vvar is of the kernel's kind that has no pages to be got: -EFAULT, forced or not.
m = mmap(pages=1, prot=rw, flags=private|anon)
a = get_user_pages(VVAR, nr=1)
claim GUP-30: ret == -EFAULT
b = get_user_pages(VVAR, nr=1, gup_flags=FORCE)
claim GUP-30: ret == -EFAULT
c = get_user_pages_fast(VVAR, nr=1)
claim GUP-30: ret == -EFAULT
d = get_user_pages_remote(main, VVAR, nr=1, pages=NULL)
claim GUP-30: ret == -EFAULT
