# A fast call with nr=0 takes nothing of a leaf, where of a page table it takes what is there.
m = mmap(pages=512, prot=rw, flags=private|anon, align=512)
madvise(m, HUGEPAGE)
store(m[0], "huge")
get_user_pages_fast(m[0], nr=0)
claim FAST-01: ret == 0 and ref(m[0]) == 1
get_user_pages_fast(m[511], nr=0, gup_flags=WRITE)
claim FAST-01: ret == 0 and ref(m[0]) == 1
pin_user_pages_fast(m[7], nr=0)
get_user_pages_fast_only(m[7], nr=0)
n = mmap(pages=512, prot=rw, flags=private|anon|HUGETLB)
get_user_pages_fast(n[5], nr=0)
store(n[5], "huge")
get_user_pages_fast(n[5], nr=0)
munmap(m[100], pages=1)
get_user_pages_fast(m[200], nr=0)
h = get_user_pages_fast(m[95], nr=0)
claim FAST-02: ret == 0
put_page(h)
