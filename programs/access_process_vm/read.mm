# access_process_vm returns how many bytes it read, over the ends of pages too, and 0 of none.
f = memfd(pages=2)
m = mmap(pages=5, prot=rw, flags=private|anon)
s = mmap(pages=2, prot=rw, flags=shared, file=f)
store(m[0]+4090, "across the boundary")
store(s[0], "file")
c = fork()
c: store(m[0]+4090, "of the child's page")
d = access_process_vm(c, m[0]+4090, n=19)
claim ARV-01: ret == 19 and d == "of the child's page"
e = c: access_process_vm(main, m[0]+4090, n=19)
claim ARV-01: ret == 19 and e == "across the boundary"
access_process_vm(c, m[0], n=0)
claim ARV-01: ret == 0
access_process_vm(c, m[-1], n=0)
claim ARV-01: ret == 0
g = access_process_vm(c, m[0]+4090, n=5000)
claim ARV-01: ret == 5000
access_process_vm(c, m[0], n=16384)
claim ARV-01: ret == 16384
access_process_vm(c, s[1]+4095)
x = access_process_vm(main, s[0], n=4)
claim ARV-01: x == "file"
c: load(m[3], 4)
