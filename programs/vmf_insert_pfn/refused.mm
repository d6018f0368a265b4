# vmf_insert_pfn stops a kernel in mappings of the wrong kind: each is refused.
b = alloc_pages(1)
d = device()
m = mmap(pages=1, prot=rw, flags=shared, file=d)
vmf_insert_pfn(m[0], BAR[0])
claim INS-13: refused == wrong_vma
vmf_insert_mixed(m[0], BAR[0])
claim INS-13: refused == wrong_vma
on_mmap(d, vm_flags=PFNMAP|MIXEDMAP)
n = mmap(pages=1, prot=rw, flags=shared, file=d)
vmf_insert_pfn(n[0], BAR[0])
claim INS-13: refused == wrong_vma
on_mmap(d, vm_flags=PFNMAP)
p = mmap(pages=1, prot=rw, flags=private, file=d)
vmf_insert_pfn(p[0], BAR[0])
claim INS-13: refused == wrong_vma
on_mmap(d, vm_flags=MIXEDMAP)
q = mmap(pages=1, prot=rw, flags=shared, file=d)
vmf_insert_pfn_prot(q[0], b[0])
claim INS-13: refused == wrong_vma
vmf_insert_pfn_prot(q[0], BAR[0])
claim INS-13: ret == VM_FAULT_NOPAGE
vmf_insert_mixed(q[0], BAR[16])
