# Anonymous pages and those of a slab are turned down; large ones of kmalloc and the zero page are not.
a = mmap(pages=2, prot=rw, flags=private|anon)
store(a[0], "anonymous")
h = get_user_pages(a[0], nr=2)
k = alloc_pages(8, kind=slab)
l = alloc_pages(16, kind=kmalloc)
poke(l[3], "an object")
u = alloc_pages(2, kind=uncut)
d = device()
m = mmap(pages=5, prot=rw, flags=shared, file=d)
n = mmap(pages=2, prot=rw, flags=private, file=d)
vm_insert_page(m[0], u[1])
claim INS-06: ret == -EINVAL
vm_insert_page(m[0], h[0])
claim INS-07: ret == -EINVAL and page(m[0]) == 0
vm_insert_page(m[0], k[0])
claim INS-07: ret == -EINVAL
vm_insert_page(m[0], k[5])
claim INS-07: ret == -EINVAL
vm_insert_page(m[1], l[3])
claim INS-20: ret == 0 and page(m[1]) == page(l[3]) and ref(l[0]) == 2
vm_insert_page(m[2], h[1])
claim INS-08: ret == 0 and not pte(m[2], special) and map(h[1]) == 1
vm_insert_page(n[0], h[1])
claim INS-08: ret == 0 and map(h[1]) == 2 and not pte(n[0], write)
load(m[2], n=4)
load(m[1], n=9)
store(n[0], "a copy of the zero page")
c = fork()
c: load(m[2])
c: munmap(m)
munmap(m[2], pages=1)
put_page(h)
put_page(l)
load(m[1], n=9)
put_page(k)
munmap(m)
