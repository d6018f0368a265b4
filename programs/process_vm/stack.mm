# process_vm_readv does not grow a stack, as get_user_pages does not.
g = mmap(pages=4, prot=rw, flags=private|anon|GROWSDOWN)
munmap(g[0], pages=2)
store(g[2], "top")
c = fork()
process_vm_readv(c, g[1], n=8)
process_vm_writev(c, g[1]+4090, "comes from below")
access_process_vm(c, g[1], n=8)
claim ARV-08: ret == 8
process_vm_readv(c, g[1], n=8)
