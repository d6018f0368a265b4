# An area that wraps, is empty, or ends before the mapping does is an error.
d = device()
m = mmap(pages=2, prot=rw, flags=shared, file=d)
vm_iomap_memory(m[0], BAR[0], len=-1)
claim IOM-02: ret == -EINVAL
vm_iomap_memory(m[0], BAR[0], len=-65536)
claim IOM-02: ret == -EINVAL
vm_iomap_memory(m[0], BAR[0], len=0)
claim IOM-04: ret == -EINVAL
vm_iomap_memory(m[0], BAR[0], len=4096)
claim IOM-04: ret == -EINVAL
# all memory there is: its pages overflow to none
vm_iomap_memory(m[0], 0, len=-1)
claim IOM-04: ret == -EINVAL
n = mmap(pages=1, prot=rw, flags=shared, file=d, offset=3)
vm_iomap_memory(n[0], BAR[0], len=8192)
claim IOM-04: ret == -EINVAL
vm_iomap_memory(n[0], BAR[0], len=12288)
claim IOM-04: ret == -EINVAL
vm_iomap_memory(n[0], BAR[0], len=16384)
claim IOM-04: ret == 0
vm_iomap_memory(n[0], BAR[0], len=16384)
# what would be mapped has to be the program's
vm_iomap_memory(m[0], BAR[15], len=8192)
vm_iomap_memory(m[0], 0, len=8192)
p = mmap(pages=1, prot=rw, flags=private, file=d)
vm_iomap_memory(p[0], BAR[0], len=4096)
e = device()
on_mmap_vm_iomap_memory(e, BAR[0], len=4096)
q = mmap(pages=2, prot=rw, flags=shared, file=e)
claim IOM-04: ret == -EINVAL
