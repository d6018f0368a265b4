# A frame that is no page to the kernel ends a pin, or counts in it with no page to give back.
b = alloc_pages(3)
d = device()
on_mmap(d, vm_flags=MIXEDMAP)
m = mmap(pages=4, prot=rw, flags=shared, file=d)
vm_insert_page(m[0], b[0])
vmf_insert_mixed(m[1], b[1])
vm_insert_page(m[2], b[2])
h = pin_user_pages(m[0], nr=3, gup_flags=WRITE)
claim GUP-20: ret == 1 and page(h[0]) == page(b[0])
unpin_user_page(h[1])
peek(h[1], 4)
unpin_user_page(h[0])
i = pin_user_pages(m[1], nr=2)
claim GUP-20: ret == -EEXIST
set_page_dirty_lock(i)
unpin_user_page(i)
j = pin_user_pages_fast(m[0], nr=4)
k = get_user_pages(m[0], nr=3)
claim GUP-02: ret == 1
get_user_pages(m[1], nr=1, gup_flags=WRITE)
claim GUP-20: ret == -EEXIST
put_page(k)
