# process_vm_readv waits for a page that somebody else fills in, with the pages before it pinned.
m = mmap(pages=4, prot=rw, flags=private|anon)
store(m[0], "first")
p = fork()
c = fork()
c: uffd_register(m[1], pages=3)
t = p: begin process_vm_readv(c, m[0], n=8200)
claim GUP-34: blocked and ref(c, m[0]) > 1024
uffd_copy(c, m[1], "second")
wait(t)
claim GUP-34: blocked
uffd_zeropage(c, m[2])
d = wait(t)
claim GUP-34: ret == 8200
u = p: begin process_vm_writev(c, m[2], "over it all", n=8192)
claim GUP-34: blocked
uffd_copy(c, m[3], "last")
k = wait(u)
claim GUP-34: ret == 8192
c: load(m[3], 11)
