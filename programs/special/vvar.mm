# vvar, which the kernel keeps for itself or has as a driver's page: for reading, writing, and from elsewhere.
m = mmap(pages=1, prot=rw, flags=private|anon)
r = get_user_pages_remote(main, VVAR, nr=1)
access_process_vm(main, VVAR, n=8)
a = get_user_pages(VVAR, nr=1)
claim GUP-48: ret == -EFAULT
b = get_user_pages(VVAR, nr=1, gup_flags=FORCE)
claim GUP-48: ret == -EFAULT
w = get_user_pages(VVAR, nr=1, gup_flags=WRITE|FORCE)
c = get_user_pages_fast(VVAR, nr=1)
claim GUP-48: ret == -EFAULT
d = get_user_pages_remote(main, VVAR, nr=1, pages=NULL)
claim GUP-48: ret == -EFAULT
access_process_vm(main, VVAR, n=8)
claim GUP-48: ret == 0
p = fork()
access_process_vm(p, VVAR, n=8)
process_vm_readv(p, VVAR, n=8)
e = p: get_user_pages(VVAR, nr=1)
p: exit()
