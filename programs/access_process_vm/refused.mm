# A length below 0 is refused, because the kernel would not end in the buffer; so is one above the buffer's.
m = mmap(pages=2, prot=rw, flags=private|anon)
store(m[0], "x")
access_process_vm(main, m[0], n=-1)
claim ARV-10: refused == negative
access_process_vm(main, m[0], n=INT_MIN)
claim ARV-10: refused == negative
access_process_vm(main, m[0], data="y", n=-4096, gup_flags=WRITE)
claim ARV-10: refused == negative
access_process_vm(main, m[0], n=16385)
access_process_vm(main, m[0], n=INT_MAX)
c = fork()
c: access_process_vm(main, m[0], n=-1, pending=SIGKILL)
claim ARV-10: refused == negative
load(m[0])
