# /proc/PID/mem reads another process's memory as it is, past its access rights.
m = mmap(pages=4, prot=rw, flags=private|anon)
store(m[0], "parent's")
store(m[1]+4088, "the end.")
c = fork()
c: store(m[0], "child's!")
mprotect(m[0], prot=none, pages=1)
d = mem_read(c, m[0], n=8)
claim ARV-01: d == "child's!" and ret == 8
e = mem_read(main, m[0], n=8)
claim ARV-12: e == "parent's"
x = c: mem_read(main, m[1]+4088, n=16)
y = mem_read(c, m[2], n=4)
mem_read(c, m[3]+4092, n=16)
claim ARV-02: ret == 4
