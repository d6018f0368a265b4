# Memory that outlives its process, because a call of another one still has it, is out of reach.
m = mmap(pages=2, prot=rw, flags=private|anon)
store(m[1], "still there")
p = fork()
c = fork()
c: uffd_register(m[0], pages=1)
t = p: begin get_user_pages_remote(c, m[0], nr=2, locked=1)
access_process_vm(c, m[1], n=11)
claim ARV-11: ret == 11
kill(c)
access_process_vm(c, m[1], n=11)
claim ARV-11: ret == 0
mem_read(c, m[1], n=11)
ptrace_peekdata(c, m[1])
wait(t)
