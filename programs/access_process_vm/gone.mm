# A process that has ended has no memory: 0. One that there never was is refused.
m = mmap(pages=1, prot=rw, flags=private|anon)
store(m[0], "x")
c = fork()
d = fork()
access_process_vm(c, m[0], n=1)
claim ARV-11: ret == 1
c: exit()
access_process_vm(c, m[0], n=1)
claim ARV-11: ret == 0
access_process_vm(c, m[0], data="y", gup_flags=WRITE|FORCE)
claim ARV-11: ret == 0
kill(d)
access_process_vm(d, m[0], n=1)
claim ARV-11: ret == 0
e = d: fork()
access_process_vm(e, m[0], n=1)
