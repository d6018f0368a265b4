# Secret memory is no other process's to read, not even with FORCE.
requires: option == SECRETMEM
k = memfd_secret(pages=1)
t = mmap(pages=1, prot=rw, flags=shared, file=k)
store(t[0], "secret")
c = fork()
access_process_vm(c, t[0], n=8, gup_flags=FORCE)
claim ARV-03: ret == 0
access_process_vm(c, t[0], data="x", gup_flags=WRITE|FORCE)
claim ARV-03: ret == 0
