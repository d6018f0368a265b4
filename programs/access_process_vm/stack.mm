# An access that begins below a stack grows it, for no byte even; one that comes there later may not.
g = mmap(pages=9, prot=rw, flags=private|anon|GROWSDOWN)
munmap(g[0], pages=7)
store(g[7], "top")
c = fork()
access_process_vm(c, g[6]+4090, n=10)
claim ARV-08: ret == 10
access_process_vm(c, g[5], n=0)
c: load(g[5], 4)
access_process_vm(c, g[4], data="below", n=5000, gup_flags=WRITE)
claim ARV-08: ret == 5000
n = mmap(pages=1, prot=none, flags=private|anon)
h = mmap(pages=3, prot=rw, flags=private|anon|GROWSDOWN, adjacent_to=n)
munmap(h[0], pages=2)
mprotect(n, prot=none)
d = fork()
access_process_vm(d, n[0]+4092, n=8, gup_flags=FORCE)
access_process_vm(d, h[0], n=8)
claim ARV-08: ret == 8
access_process_vm(d, n[0]+4092, n=8, gup_flags=FORCE)
claim ARV-08: ret == 8
access_process_vm(main, h[0], n=0)
