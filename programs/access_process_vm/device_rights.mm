# ->access is asked wherever pages are not to be had: past access rights, with SIGKILL pending, of an ordinary mapping.
b = alloc_pages(2)
poke(b[0], "a page")
d = device()
on_fault(d, b)
on_access(d, gives=LENGTH)
v = mmap(pages=3, prot=rw, flags=shared, file=d)
m = mmap(pages=1, prot=rw, flags=private|anon, adjacent_to=v)
store(m[0], "mine")
c = fork()
x = access_process_vm(c, v[0], n=6)
claim ARV-01: x == "a page"
y = access_process_vm(c, v[1]+4092, n=8)
claim ARV-06: y == "\x00\x00\x00\x00\x04\x00\x00\x00"
access_process_vm(c, v[2]+4000, n=200)
mprotect(v, prot=none)
z = access_process_vm(main, v[0], n=4)
claim ARV-06: z == "\x04\x00\x00\x00"
access_process_vm(main, v[0], n=4, gup_flags=FORCE)
access_process_vm(main, v[0], data="x", gup_flags=WRITE)
claim ARV-04: ret == 0
on_access(d, b)
access_process_vm(main, v[0], data="x", gup_flags=WRITE)
load(m[0], 4)
c: access_process_vm(c, v[0], n=6, pending=SIGKILL)
claim ARV-06: ret == 6
w = peek(b[0], 6)
put_page(b)
access_process_vm(main, v[0], n=4)
