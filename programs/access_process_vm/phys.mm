# generic_access_phys reads and writes device memory, and behind a page's end goes on in the next frame, mapped or not.
d = device()
on_access(d, gives=PHYS)
v = mmap(pages=3, prot=rw, flags=shared, file=d)
w = mmap(pages=1, prot=rw, flags=shared, file=d)
remap_pfn_range(v[0], BAR[2], pages=1)
remap_pfn_range(v[1], BAR[0], pages=1)
remap_pfn_range(w[0], BAR[3], pages=1)
store(v[0]+4092, "of 2")
store(v[1], "page 0")
store(w[0], "page 3")
x = access_process_vm(main, v[0]+4092, n=10)
claim ARV-13: x == "of 2page 3"
access_process_vm(main, v[1], data="written", gup_flags=WRITE)
claim ARV-06: ret == 7
load(v[1], 8)
access_process_vm(main, v[0]+4090, data="to two pages", gup_flags=WRITE)
claim ARV-06: ret == 12
load(w[0], 8)
c = fork()
ptrace_peekdata(c, v[1])
access_process_vm(c, v[1], n=4)
c: load(v[1])
mem_read(c, v[1], n=7)
claim ARV-06: ret == 7
access_process_vm(c, v[1], data="clean", gup_flags=WRITE)
access_process_vm(c, v[2], n=4)
claim ARV-03: ret == 0
mprotect(v[1], pages=1, prot=r)
access_process_vm(main, v[1], data="x", gup_flags=WRITE)
claim ARV-03: ret == 0
access_process_vm(main, v[1], n=7)
claim ARV-06: ret == 7
e = device()
on_mmap(e, vm_flags=MIXEDMAP)
on_access(e, gives=PHYS)
m = mmap(pages=1, prot=rw, flags=shared, file=e)
vmf_insert_mixed(m[0], BAR[1])
access_process_vm(main, m[0], n=4)
claim ARV-03: ret == 0
mprotect(v[1], pages=1, prot=none)
access_process_vm(main, v[1], n=7)
