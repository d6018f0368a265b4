# vmf_insert_mixed inserts a frame that has a struct page as one that has none.
b = alloc_pages(2)
poke(b[0], "mixed")
d = device()
on_mmap(d, vm_flags=MIXEDMAP)
m = mmap(pages=4, prot=rw, flags=shared, file=d)
vmf_insert_mixed(m[0], b[0])
claim INS-16: ret == VM_FAULT_NOPAGE and page(m[0]) == page(b[0]) and pte(m[0], special)
claim INS-16: ref(b[0]) == 1 and map(b[0]) == 0
vmf_insert_mixed(m[1], BAR[0])
vm_insert_page(m[2], b[1])
claim INS-16: ref(b[1]) == 2 and not pte(m[2], special)
get_user_pages(m[0], nr=1)
claim GUP-20: ret == -EEXIST
pin_user_pages(m[0], nr=1)
claim GUP-20: ret == -EEXIST
get_user_pages(m[0], nr=4, pages=NULL)
claim GUP-16: ret == 3
get_user_pages_fast(m[1], nr=1, gup_flags=WRITE)
claim GUP-20: ret == -EEXIST
get_user_pages_fast_only(m[0], nr=1)
mem_read(main, m[0], n=4)
h = get_user_pages(m[2], nr=1)
claim GUP-01: ret == 1
get_user_pages(m[2], nr=2)
put_page(h)
p = mmap(pages=2, prot=rw, flags=private, file=d)
vmf_insert_mixed(p[0], b[0])
vmf_insert_mixed(p[1], BAR[3])
store(p[0], "copied")
store(p[1], "copied")
k = get_user_pages(p[0], nr=1)
claim GUP-13: ret == 1
load(p[0], n=6)
madvise(m[0], pages=2, advice=DONTNEED)
claim ZAP-10: ret == 0 and page(m[0]) == 0
c = fork()
c: load(m[2])
zap_vma_ptes(m[2], pages=1)
claim ZAP-15: page(m[2]) == page(b[1])
on_fault_insert(d, b[0], call=vmf_insert_mixed)
t = load(m[0], n=5)
claim INS-16: t == "mixed" and pte(m[0], special)
