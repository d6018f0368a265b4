# get_user_pages of a leaf: each subpage taken counts at the head; the fast call with nr=0 takes none.
m = mmap(pages=512, prot=rw, flags=private|anon, align=512)
madvise(m, HUGEPAGE)
h = get_user_pages(m[1], nr=2)
claim GUP-01: ret == 2 and ref(h[0]) == 3 and ref(m[0]) == 3
k = get_user_pages(m[500], nr=12, gup_flags=WRITE)
poke(k[11]+8, "from the kernel")
d = load(m[511]+8, n=15)
f = get_user_pages_fast(m[510], nr=2, gup_flags=WRITE)
claim FAST-01: ret == 2 and page(f[1]) == page(k[11])
set_page_dirty_lock(h[1])
munmap(m)
e = peek(k[11]+8, 15)
claim GUP-11: e == "from the kernel"
put_page(k[3])
put_page(k)
put_page(f)
put_page(h)
