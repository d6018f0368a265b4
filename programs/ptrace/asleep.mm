# A process that sleeps in a call would not stop for ptrace; its memory is read all the same in other ways.
m = mmap(pages=2, prot=rw, flags=private|anon)
store(m[1], "there")
c = fork()
c: uffd_register(m[0], pages=1)
t = c: begin load(m[0], 4)
ptrace_peekdata(c, m[1])
ptrace_pokedata(c, m[1], "it sleep")
d = mem_read(c, m[1], n=5)
e = access_process_vm(c, m[1], n=5)
claim ARV-01: d == "there" and e == "there"
access_process_vm(c, m[0], n=4)
claim ARV-03: ret == 0
uffd_copy(c, m[0], "filled in")
k = wait(t)
ptrace_peekdata(c, m[0])
claim ARV-01: ret == 0
