# process_vm_readv and process_vm_writev obey access rights: -EFAULT, or as many bytes as can be had before.
f = memfd(size=5000)
m = mmap(pages=2, prot=rw, flags=private|anon)
n = mmap(pages=1, prot=none, flags=private|anon, adjacent_to=m)
r = mmap(pages=1, prot=rw, flags=private|anon)
o = mmap(pages=1, prot=r, flags=private|anon, adjacent_to=r)
s = mmap(pages=4, prot=rw, flags=shared, file=f)
p = mmap(pages=1, prot=r, flags=private, file=f)
store(m[1]+4088, "the end.")
c = fork()
d = process_vm_readv(c, m[1]+4088, n=16)
claim ARV-02: ret == 8 and d == "the end."
process_vm_readv(c, n[0], n=8)
claim GUP-05: ret == -EFAULT
process_vm_readv(c, m[-1], n=8)
claim GUP-05: ret == -EFAULT
process_vm_writev(c, r[0]+4090, "only six of these")
claim ARV-02: ret == 6
process_vm_writev(c, o[0], "x")
process_vm_writev(c, p[0], "x")
process_vm_readv(c, s[0]+4000, n=9000)
claim ARV-02: ret == 4192
process_vm_readv(c, KERNEL, n=8)
process_vm_readv(c, VVAR, n=8)
claim GUP-05: ret == -EFAULT
process_vm_readv(c, VDSO, n=8)
claim ARV-01: ret == 8
c: exit()
process_vm_readv(c, m[0], n=1)
process_vm_writev(c, m[0], "x")
process_vm_writev(c, m[0], "x", n=0)
