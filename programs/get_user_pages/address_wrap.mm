# The last page of the address space: -EFAULT, but of a fast call whose length wraps.
m = mmap(pages=1, prot=rw, flags=private|anon)
a = get_user_pages(-4096, nr=1)
claim GUP-36: ret == -EFAULT
b = get_user_pages(-4096, nr=2)
claim GUP-36: ret == -EFAULT
c = get_user_pages_fast(-4096, nr=2)
claim FAST-03: ret == 0
d = get_user_pages_fast(-8192, nr=1)
claim GUP-36: ret == -EFAULT
e = pin_user_pages_fast(-4096, nr=2)
claim FAST-03: ret == 0
