# FORCE reads what may be made readable and writes into copies, but never to a read-only shared mapping.
f = memfd(pages=1)
g = open(pages=1, flags=rdonly)
n = mmap(pages=1, prot=none, flags=private|anon)
r = mmap(pages=2, prot=rw, flags=private|anon)
p = mmap(pages=1, prot=r, flags=private, file=f)
s = mmap(pages=1, prot=r, flags=shared, file=f)
w = mmap(pages=1, prot=rw, flags=shared, file=f)
o = mmap(pages=1, prot=r, flags=shared, file=g)
store(w[0], "file")
store(r[0], "mine")
mprotect(r, prot=none)
c = fork()
d = access_process_vm(c, r[0], n=8, gup_flags=FORCE)
claim ARV-04: ret == 8 and d == "mine\x00\x00\x00\x00"
access_process_vm(c, r[0], data="ours", gup_flags=WRITE)
claim ARV-04: ret == 0
access_process_vm(c, r[0], data="ours", gup_flags=WRITE|FORCE)
claim ARV-04: ret == 4 and page(c, r[0]) != page(r[0]) and not pte(c, r[0], write)
e = access_process_vm(main, r[0], n=4, gup_flags=FORCE)
claim ARV-04: e == "mine"
access_process_vm(c, n[0]+10, data="none", gup_flags=WRITE|FORCE)
claim ARV-04: ret == 4
access_process_vm(c, p[0], data="copy", gup_flags=WRITE|FORCE)
claim ARV-04: ret == 4 and page(c, p[0]) != page(w[0]) and not pte(c, p[0], write)
load(w[0], 4)
access_process_vm(c, s[0], data="x", gup_flags=WRITE|FORCE)
claim ARV-04: ret == 0
access_process_vm(c, s[0], n=4)
claim ARV-04: ret == 4
access_process_vm(c, o[0], data="x", gup_flags=WRITE|FORCE)
claim ARV-04: ret == 0
c: load(p[0], 4)
