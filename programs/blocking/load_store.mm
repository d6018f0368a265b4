# A load of a missing page of a userfaultfd sleeps until somebody fills the page in.

m = mmap(pages=4, prot=rw, flags=private|anon)
store(m[3], "old")
c = fork()
c: uffd_register(m)
t = c: begin load(m[0]+2, n=3)
load(m[0])
wait(t)
uffd_copy(c, m[0], "filled")
d = wait(t)

# What is there already does not sleep, and what fork left behind is not registered.
u = c: begin load(m[3], n=3)
e = wait(u)

# A store goes on behind the page that it waited for, and sleeps again.
v = c: begin store(m[1]+4094, "abcd")
uffd_copy(c, m[2], "here")
wait(v)
uffd_zeropage(c, m[1])
w = wait(v)
c: load(m[2], n=4)
