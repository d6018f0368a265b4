# Private copies go as well, and what they were copies of does not come back by itself.
d = device()
on_mmap_remap_pfn_range(d, BAR[0], pages=2)
m = mmap(pages=2, prot=rw, flags=private, file=d)
store(m[0], "a copy")
h = get_user_pages(m[0], nr=1)
claim GUP-19: ret == -EFAULT
zap_vma_ptes(m[0], pages=2)
claim ZAP-05: page(m[0]) == 0 and page(m[1]) == 0
load(m[0])
claim RPR-04: signal == SIGBUS
