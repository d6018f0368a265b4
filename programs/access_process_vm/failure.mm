# A failure is 0, whatever it is of, and never an errno.
f = memfd(pages=1)
m = mmap(pages=1, prot=rw, flags=private|anon)
n = mmap(pages=1, prot=none, flags=private|anon)
r = mmap(pages=1, prot=r, flags=private|anon)
w = mmap(pages=1, prot=w, flags=private|anon)
s = mmap(pages=2, prot=rw, flags=shared, file=f)
c = fork()
access_process_vm(c, m[-1], n=8)
claim ARV-03: ret == 0
access_process_vm(c, n[0], n=8)
claim ARV-03: ret == 0
access_process_vm(c, w[0], n=8)
claim ARV-03: ret == 0
access_process_vm(c, r[0], data="x", gup_flags=WRITE)
claim ARV-03: ret == 0
access_process_vm(c, s[1], n=8)
claim ARV-03: ret == 0
access_process_vm(c, KERNEL, n=8, gup_flags=FORCE)
claim ARV-03: ret == 0
access_process_vm(c, HOLE, n=8)
claim ARV-03: ret == 0
access_process_vm(c, NONCANONICAL, n=8)
claim ARV-03: ret == 0
access_process_vm(c, LAST_PAGE, n=8192)
claim ARV-03: ret == 0
access_process_vm(c, 0, data="x", gup_flags=WRITE|FORCE)
claim ARV-03: ret == 0
