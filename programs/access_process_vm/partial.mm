# Where memory, access rights or a file end, the bytes up to that page are transferred and counted.
f = memfd(size=5000)
m = mmap(pages=2, prot=rw, flags=private|anon)
n = mmap(pages=1, prot=none, flags=private|anon, adjacent_to=m)
r = mmap(pages=2, prot=rw, flags=private|anon)
o = mmap(pages=1, prot=r, flags=private|anon, adjacent_to=r)
s = mmap(pages=4, prot=rw, flags=shared, file=f)
store(m[1]+4088, "the end.")
c = fork()
d = access_process_vm(c, m[1]+4088, n=16)
claim ARV-02: ret == 8 and d == "the end."
access_process_vm(c, m[0], n=16384)
claim ARV-02: ret == 8192
access_process_vm(c, n[0]+4092, n=8)
access_process_vm(c, o[0]+4000, n=5000)
claim ARV-02: ret == 96
access_process_vm(c, r[1]+4090, data="only six of these", gup_flags=WRITE)
claim ARV-02: ret == 6
c: load(r[1]+4088, 8)
access_process_vm(c, r[0], data="pages", n=9000, gup_flags=WRITE)
claim ARV-02: ret == 8192
access_process_vm(c, s[0]+4000, n=9000)
claim ARV-02: ret == 4192
access_process_vm(c, s[1]+4000, data="x", n=100, gup_flags=WRITE)
claim ARV-02: ret == 96
