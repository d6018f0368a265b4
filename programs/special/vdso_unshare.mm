# A copy of the vdso that fork shared becomes the process's own where it is pinned, or read by others.
m = mmap(pages=1, prot=rw, flags=private|anon)
h = get_user_pages(VDSO, nr=1, gup_flags=WRITE|FORCE)
put_page(h)
c = fork()
p = c: pin_user_pages(VDSO, nr=1)
k = get_user_pages(VDSO, nr=1)
e = fork()
process_vm_readv(e, VDSO)
