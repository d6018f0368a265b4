# A process_vm_writev that sleeps and is killed has written to the pages that it had by then.
m = mmap(pages=2, prot=rw, flags=private|anon)
store(m[0], "first")
p = fork()
c = fork()
c: uffd_register(m[1], pages=1)
t = p: begin process_vm_writev(c, m[0], "written", n=8192)
claim GUP-34: blocked
kill(p)
wait(t)
c: load(m[0], 14)
