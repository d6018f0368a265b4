# One frame is inserted, special and uncounted; where one is already, it stays, and the answer is the same.
b = alloc_pages(2)
poke(b[0], "the first")
d = device()
on_mmap(d, vm_flags=PFNMAP|IO)
m = mmap(pages=3, prot=rw, flags=shared, file=d)
vmf_insert_pfn(m[0], b[0])
claim INS-11: ret == VM_FAULT_NOPAGE and page(m[0]) == page(b[0]) and pte(m[0], special)
claim INS-11: ref(b[0]) == 1 and map(b[0]) == 0
t = load(m[0], n=9)
claim INS-11: t == "the first"
vmf_insert_pfn(m[0], b[1])
claim INS-11: ret == VM_FAULT_NOPAGE and page(m[0]) == page(b[0])
vmf_insert_pfn(m[1], BAR[2])
claim INS-11: ret == VM_FAULT_NOPAGE and page(m[1]) == page(BAR[2])
store(m[1], "in the device")
vmf_insert_pfn(m[3], BAR[0], vma=m[0])
claim INS-12: ret == VM_FAULT_SIGBUS
vmf_insert_pfn(m[2]+100, b[1])
claim INS-11: page(m[2]) == page(b[1])
put_page(b[1])
