# get_user_pages of huge pages: each subpage counts at the head; WRITE needs VM_WRITE, whatever FORCE says.
m = mmap(pages=512, prot=rw, flags=private|anon|HUGETLB)
r = mmap(pages=512, prot=r, flags=private|anon|HUGETLB)
h = get_user_pages(m[1], nr=2)
claim GUP-01: ret == 2 and ref(h[0]) == 3 and ref(m[0]) == 3
k = get_user_pages(m[500], nr=12, gup_flags=WRITE)
poke(k[11]+8, "from the kernel")
d = load(m[511]+8, n=15)
f = get_user_pages_fast(m[510], nr=2, gup_flags=WRITE)
get_user_pages(r[0], nr=1, gup_flags=WRITE)
claim GUP-05: ret == -EFAULT
get_user_pages(r[0], nr=1, gup_flags=WRITE|FORCE)
claim GUP-28: ret == -EFAULT and page(r[0]) == 0
load(r[0])
get_user_pages(r[0], nr=1, gup_flags=WRITE|FORCE)
claim GUP-28: ret == -EFAULT and not pte(r[0], write)
get_user_pages_fast(r[7], nr=1, gup_flags=WRITE|FORCE)
claim GUP-28: ret == -EFAULT
get_user_pages(m[511], nr=2)
set_page_dirty_lock(h[1])
put_page(h)
munmap(m)
e = peek(k[11]+8, 15)
claim GUP-11: e == "from the kernel"
put_page(k[3])
put_page(k)
put_page(f)
