# From ->fault, as drivers do it: the access goes on at once.
b = alloc_pages(4, kind=split)
poke(b[2], "the third")
d = device()
on_mmap(d, vm_flags=PFNMAP|IO)
on_fault_insert(d, b[0], call=vmf_insert_pfn)
m = mmap(pages=5, prot=rw, flags=shared, file=d)
t = load(m[2], n=9)
claim INS-15: t == "the third" and page(m[2]) == page(b[2])
store(m[1], "written")
u = peek(b[1], 7)
claim INS-15: u == "written"
load(m[4])
claim INS-11: signal == SIGBUS
on_fault_insert(d, BAR[8], call=vmf_insert_pfn)
n = mmap(pages=2, prot=rw, flags=shared, file=d, offset=1)
store(n[1], "in the device")
claim INS-11: page(n[1]) == page(BAR[10])
c = fork()
c: load(n[1], n=13)
c: load(n[0])
get_user_pages(n[0], nr=1)
claim GUP-19: ret == -EFAULT
# a mapping that would have to be copied cannot be served
p = mmap(pages=1, prot=rw, flags=private, file=d)
load(p[0])
claim INS-13: signal == SIGBUS
