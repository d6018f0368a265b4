# Huge pages are read and written as small ones are; a page that somebody else has to fill in is a failure.
t = mmap(pages=512, prot=rw, flags=private|anon, align=512)
h = mmap(pages=512, prot=rw, flags=private|anon|HUGETLB)
u = mmap(pages=2, prot=rw, flags=private|anon)
madvise(t, HUGEPAGE)
store(t[5]+4090, "a huge page")
store(h[0], "of hugetlb")
uffd_register(u)
c = fork()
d = access_process_vm(c, t[5]+4090, n=11)
claim ARV-01: d == "a huge page"
access_process_vm(c, t[7], data="written", gup_flags=WRITE)
claim ARV-01: ret == 7
e = access_process_vm(c, h[0], n=10)
claim ARV-01: e == "of hugetlb"
access_process_vm(c, h[3], data="written", gup_flags=WRITE)
claim ARV-01: ret == 7
access_process_vm(main, u[0], n=4)
claim ARV-03: ret == 0
access_process_vm(main, u[1], data="x", gup_flags=WRITE)
claim ARV-03: ret == 0
access_process_vm(c, u[0], n=4)
claim ARV-01: ret == 4
load(t[7], 4)
load(h[3], 4)
