# A leaf above the PTE level is not what follow_pfn expects.
m = mmap(pages=512, prot=rw, flags=private|anon, align=512)
madvise(m, advice=HUGEPAGE)
store(m[3], "x")
d = device()
on_mmap_remap_pfn_range(d, BAR[7], pages=1)
n = mmap(pages=1, prot=rw, flags=shared, file=d)
follow_pfn(m[3], vma=n[0])
claim FPF-06: refused == wrong_vma
