# The five ways to another process's memory, side by side: what each makes of a hole, rights, an end, a device, a stack.
f = memfd(size=4100)
g = mmap(pages=7, prot=rw, flags=private|anon|GROWSDOWN)
munmap(g[0], pages=5)
m = mmap(pages=1, prot=rw, flags=private|anon)
n = mmap(pages=1, prot=none, flags=private|anon)
r = mmap(pages=1, prot=r, flags=private|anon)
q = mmap(pages=1, prot=r, flags=shared, file=f)
s = mmap(pages=3, prot=rw, flags=shared, file=f)
d = device()
on_mmap(d, vm_flags=IO)
v = mmap(pages=1, prot=rw, flags=shared, file=d)
store(m[0]+4088, "the end.")
c = fork()
# Partial: what lies before the hole comes, but for a word.
access_process_vm(c, m[0]+4092, n=8)
claim ARV-02: ret == 4
mem_read(c, m[0]+4092, n=8)
claim ARV-02: ret == 4
ptrace_peekdata(c, m[0]+4092)
claim ARV-02: ret == -EIO
process_vm_readv(c, m[0]+4092, n=8)
claim ARV-02: ret == 4
h = get_user_pages_remote(c, m[0]+4092, nr=2)
claim GUP-02: ret == 1
# Access rights: ptrace has FORCE of its own, and /proc/PID/mem mostly.
access_process_vm(c, n[0], n=8)
claim ARV-03: ret == 0
access_process_vm(c, n[0], n=8, gup_flags=FORCE)
claim ARV-04: ret == 8
mem_read(c, n[0], n=8)
claim ARV-12: ret == 8
ptrace_peekdata(c, n[0])
claim ARV-04: ret == 0
process_vm_readv(c, n[0], n=8)
claim GUP-05: ret == -EFAULT
get_user_pages_remote(c, n[0], nr=1)
claim GUP-05: ret == -EFAULT
access_process_vm(c, r[0], data="one word", gup_flags=WRITE)
claim ARV-03: ret == 0
mem_write(c, r[0], "one word")
claim ARV-12: ret == 8
ptrace_pokedata(c, r[0], "word two")
claim ARV-04: ret == 0
process_vm_writev(c, r[0], "one word")
claim GUP-05: ret == -EFAULT
access_process_vm(c, q[0], data="one word", gup_flags=WRITE|FORCE)
claim ARV-04: ret == 0
mem_write(c, q[0], "one word")
claim ARV-04: ret == -EIO
ptrace_pokedata(c, q[0], "one word")
claim ARV-04: ret == -EIO
process_vm_writev(c, q[0], "one word")
# A file's end: its last page comes whole.
access_process_vm(c, s[1]+4000, n=200)
claim ARV-02: ret == 96
mem_read(c, s[1]+4000, n=200)
claim ARV-02: ret == 96
process_vm_readv(c, s[1]+4000, n=200)
claim ARV-02: ret == 96
ptrace_peekdata(c, s[2])
claim ARV-03: ret == -EIO
# A device without ->access, and with one, which process_vm_readv does not ask.
access_process_vm(c, v[0], n=8)
claim ARV-03: ret == 0
mem_read(c, v[0], n=8)
claim ARV-03: ret == -EIO
process_vm_readv(c, v[0], n=8)
on_access(d, gives=LENGTH)
access_process_vm(c, v[0], n=8)
claim ARV-06: ret == 8
mem_read(c, v[0], n=8)
claim ARV-06: ret == 8
ptrace_peekdata(c, v[0])
claim ARV-06: ret == 0
process_vm_readv(c, v[0], n=8)
get_user_pages_remote(c, v[0], nr=1)
claim GUP-19: ret == -EFAULT
# A stack grows for whoever looks the mapping up before it gets the pages.
process_vm_readv(c, g[4], n=8)
get_user_pages_remote(c, g[4], nr=1)
access_process_vm(c, g[4], n=8)
claim ARV-08: ret == 8
mem_read(c, g[3], n=8)
claim ARV-08: ret == 8
ptrace_peekdata(c, g[2])
claim ARV-08: ret == 0
# The end of the process.
kill(c)
access_process_vm(c, m[0], n=8)
claim ARV-11: ret == 0
mem_read(c, m[0], n=8)
ptrace_peekdata(c, m[0])
process_vm_readv(c, m[0], n=8)
get_user_pages_remote(c, m[0], nr=1)
