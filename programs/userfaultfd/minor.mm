# A page that the file has, and the process has not mapped, is the userfaultfd's to let in.

f = memfd(pages=4)
pwrite(f, offset=0, data="first")
pwrite(f, offset=4096, data="second")
m = mmap(pages=5, prot=rw, flags=shared, file=f)
n = mmap(pages=4, prot=rw, flags=shared, file=f)
c = fork()
c: uffd_register(m, mode=MINOR)
t = c: begin load(m[0], n=5)
pwrite(f, offset=0, data="other")
uffd_continue(c, m[0])
d = wait(t)
c: store(m[0], "writes")

# What the file has not comes as ever, and what is mapped stays.
c: store(m[2], "new")
c: store(m[2]+8, "again")
uffd_continue(c, m[2])
store(n[3], "by main")
u = c: begin store(m[3], "by the child")
uffd_continue(c, m[3])
wait(u)
c: load(m[4])
uffd_continue(c, m[4])

# A hole in the file wakes nobody, a page that is filled in does.
v = c: begin load(m[1], n=6)
fallocate(f, offset=4096, n=4096, mode=PUNCH_HOLE|KEEP_SIZE)
uffd_continue(c, m[1])
wait(v)
uffd_copy(c, m[1], "filled")
w = wait(v)
