# A VM_IO mapping is left to its ->access, which is asked for all that is left at once; without one there is nothing.
b = alloc_pages(3)
poke(b[0]+4090, "of the")
poke(b[1], " driver's page")
d = device()
on_mmap(d, vm_flags=IO)
v = mmap(pages=4, prot=rw, flags=shared, file=d)
access_process_vm(main, v[0], n=8)
claim ARV-03: ret == 0
on_access(d, gives=LENGTH)
x = access_process_vm(main, v[0]+4090, n=20)
claim ARV-06: x == "\x14\x00\x00\x00\x00\x00\x00\x00\x14\x00\x00\x00\x00\x00\x00\x00\x14\x00\x00\x00"
access_process_vm(main, v[0]+4000, n=5000)
claim ARV-06: ret == 5000
access_process_vm(main, v[0], data="x", gup_flags=WRITE|FORCE)
claim ARV-03: ret == 0
p = ptrace_peekdata(main, v[0])
c = fork()
q = ptrace_peekdata(c, v[1]+2)
claim ARV-06: q == "\x08\x00\x00\x00\x00\x00\x00\x00"
ptrace_pokedata(c, v[1], "rejected")
r = mem_read(c, v[2]+4092, n=3)
claim ARV-06: r == "\x03\x00\x00"
on_access(d, b)
y = access_process_vm(c, v[0]+4090, n=20)
claim ARV-06: y == "of the driver's page"
access_process_vm(c, v[1]+4000, data="written ", n=5000, gup_flags=WRITE)
claim ARV-06: ret == 4192
peek(b[2], 8)
access_process_vm(c, v[3], n=1)
claim ARV-03: ret == 0
mem_write(c, v[1]+4094, "both")
claim ARV-06: ret == 4
peek(b[1]+4088, 8)
get_user_pages_remote(c, v[0], nr=1)
