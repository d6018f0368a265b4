# An area that begins inside a page takes that page, and the one in which it ends.
d = device()
m = mmap(pages=2, prot=rw, flags=shared, file=d)
vm_iomap_memory(m[0], BAR[4]+0x800, len=4096)
claim IOM-03: ret == 0 and page(m[0]) == page(BAR[4]) and page(m[1]) == page(BAR[5])
n = mmap(pages=2, prot=rw, flags=shared, file=d)
vm_iomap_memory(n[0], BAR[4]+0x800, len=2048)
claim IOM-03: ret == -EINVAL
vm_iomap_memory(n[0], BAR[4]+0x800, len=2049)
claim IOM-03: ret == 0 and page(n[1]) == page(BAR[5])
