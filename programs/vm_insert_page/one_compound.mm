# One page that is asked for as a compound one is a page as any other.
b = alloc_pages(1, kind=compound)
d = device()
on_mmap(d, vm_flags=MIXEDMAP)
m = mmap(pages=1, prot=rw, flags=shared, file=d)
vm_insert_page(m[0], b[0])
put_page(b)
