# VM_IO and VM_PFNMAP are refused before any fault; what is mapped is there for the lockless walk.
b = alloc_pages(2)
d = device()
on_mmap(d, vm_flags=IO|MIXEDMAP)
on_fault(d, b)
m = mmap(pages=2, prot=rw, flags=shared, file=d)
a = get_user_pages(m[0], nr=1)
claim GUP-19: ret == -EFAULT and page(m[0]) == 0
store(m[0], "A")
c = get_user_pages(m[0], nr=1)
claim GUP-19: ret == -EFAULT
e = get_user_pages_fast(m[0], nr=2)
claim FAST-11: ret == 1
g = get_user_pages_fast_only(m[0], nr=1)
mlock(m)
madvise(m, POPULATE_READ)
p = mmap(pages=2, prot=rw, flags=shared|POPULATE, file=d)
on_mmap(d, vm_flags=PFNMAP)
n = mmap(pages=2, prot=rw, flags=shared, file=d)
h = get_user_pages(n[0], nr=1)
claim GUP-19: ret == -EFAULT
mem_read(main, m[0], n=1)
