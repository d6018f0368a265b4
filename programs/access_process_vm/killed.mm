# With SIGKILL pending nothing is transferred, of a page that is there neither; a stack has grown by then.
m = mmap(pages=2, prot=rw, flags=private|anon)
g = mmap(pages=4, prot=rw, flags=private|anon|GROWSDOWN)
munmap(g[0], pages=2)
store(m[0], "here")
store(g[2], "top")
c = fork()
d = fork()
e = fork()
access_process_vm(c, m[0], n=4)
claim ARV-03: ret == 4
c: access_process_vm(main, m[0], n=4, pending=SIGKILL)
claim ARV-03: ret == 0
d: access_process_vm(main, m[0], data="x", gup_flags=WRITE|FORCE, pending=SIGKILL)
claim ARV-03: ret == 0
e: access_process_vm(main, g[1], n=4, pending=SIGKILL)
claim ARV-03: ret == 0
load(g[1], 4)
