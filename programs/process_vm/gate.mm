# process_vm_readv reads the vsyscall page, which the kernel's other ways to a process's memory do not reach.
requires: arch == x86_64
m = mmap(pages=1, prot=rw, flags=private|anon)
c = fork()
process_vm_readv(c, VSYSCALL, n=8)
claim GUP-21: ret == 8
process_vm_writev(c, VSYSCALL, "x")
ptrace_peekdata(c, VSYSCALL)
claim ARV-09: ret == -EIO
process_vm_readv(c, 0xffffffffff600ffc, n=8)
