# The ROM has struct pages and is no memory: its frames are mapped, and a private copy is made of them.
requires: arch == x86_64

d = device()
m = mmap(pages=2, prot=r, flags=shared, file=d)
vm_iomap_memory(m[0], 0xf0, len=8192)
claim IOM-03: ret == 0 and pte(m[0], special) and flag(m[0], reserved) and flag(m[0], no_data)
n = mmap(pages=2, prot=r, flags=shared, file=d)
load(m[1], n=8)
vm_iomap_memory(n[0], 0x100, len=8192)
e = device()
on_mmap_vm_iomap_memory(e, 0xf0, len=4096)
p = mmap(pages=1, prot=rw, flags=private, file=e)
store(p[0]+16, "a copy")
munmap(m)
