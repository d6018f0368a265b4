# Where nothing can be read the answer is -EIO, and of a process that is gone -ENOENT.
f = memfd(pages=1)
m = mmap(pages=1, prot=rw, flags=private|anon)
s = mmap(pages=2, prot=rw, flags=shared, file=f)
c = fork()
mem_read(c, m[-1], n=8)
claim ARV-03: ret == -EIO
mem_read(c, m[-1], n=0)
claim ARV-01: ret == 0
mem_read(c, s[0]+4092, n=8)
claim ARV-02: ret == 4
mem_read(c, s[1], n=8)
mem_read(c, 0xffffffff81000000, n=8)
mem_read(c, 0, n=1)
mem_read(c, 0x8000000000000000, n=1)
mem_write(c, m[0]+4092, "more than fits")
claim ARV-02: ret == 4
c: exit()
mem_read(c, m[0], n=0)
mem_read(c, m[0], n=8)
mem_write(c, m[0], "x")
