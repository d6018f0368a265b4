# Of the kernel's two mappings the vdso is read and, with FORCE, written to as a copy; vvar is out of reach.
m = mmap(pages=1, prot=rw, flags=private|anon)
c = fork()
access_process_vm(main, VDSO, n=8)
claim ARV-01: ret == 8
access_process_vm(main, 0x780064, data="x", gup_flags=WRITE)
claim ARV-03: ret == 0
access_process_vm(c, 0x780064, data="x", gup_flags=WRITE|FORCE)
claim ARV-04: ret == 1
h = get_user_pages_remote(c, VDSO, nr=1)
claim ARV-04: flag(h[0], anon)
put_page(h)
mem_read(c, VDSO, n=4)
claim ARV-01: ret == 4
g = get_user_pages(VVAR, nr=1)
access_process_vm(main, VVAR, n=8)
claim GUP-48: ret == 0
access_process_vm(main, VVAR, n=8, gup_flags=FORCE)
claim GUP-48: ret == 0
mem_read(main, VVAR, n=8)
claim GUP-48: ret == -EIO
