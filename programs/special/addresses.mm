# Where there is no memory of the process: -EFAULT of every call, 0 of the one that has no errno.
m = mmap(pages=1, prot=rw, flags=private|anon)
a = get_user_pages(HOLE, nr=1)
claim GUP-05: ret == -EFAULT
b = get_user_pages(KERNEL, nr=1)
claim GUP-05: ret == -EFAULT
c = get_user_pages(NONCANONICAL, nr=1, gup_flags=WRITE|FORCE)
claim GUP-05: ret == -EFAULT
d = get_user_pages_remote(main, LAST_PAGE, nr=1)
claim GUP-36: ret == -EFAULT
e = get_user_pages_fast(KERNEL, nr=1)
claim FAST-04: ret == -EFAULT
g = get_user_pages_fast(NONCANONICAL, nr=1)
claim FAST-04: ret == -EFAULT
h = get_user_pages_fast_only(HOLE, nr=1)
claim FAST-15: ret == 0
i = pin_user_pages(KERNEL, nr=1, gup_flags=WRITE)
claim GUP-05: ret == -EFAULT
j = get_user_pages_unlocked(HOLE, nr=2)
claim GUP-05: ret == -EFAULT
