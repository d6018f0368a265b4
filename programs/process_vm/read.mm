# process_vm_readv returns how many bytes it read, over the ends of pages too, and 0 of none.
f = memfd(pages=1)
m = mmap(pages=5, prot=rw, flags=private|anon)
s = mmap(pages=1, prot=r, flags=shared, file=f)
store(m[0]+4090, "across the boundary")
c = fork()
d = process_vm_readv(c, m[0]+4090, n=19)
claim ARV-01: ret == 19 and d == "across the boundary"
process_vm_readv(c, m[0], n=0)
claim ARV-01: ret == 0
process_vm_readv(c, m[-1], n=0)
process_vm_readv(c, m[0]+4090, n=5000)
claim ARV-01: ret == 5000
process_vm_readv(c, m[0], n=16384)
process_vm_readv(c, s[0], n=4096)
process_vm_readv(main, m[1], n=8)
claim ARV-01: ret == 8
