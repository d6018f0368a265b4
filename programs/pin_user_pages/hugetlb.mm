# A pin of a huge page's part counts at the head, one reference and one pin; fork copies the page.
m = mmap(pages=512, prot=rw, flags=private|anon|HUGETLB)
store(m[3], "pinned")
h = pin_user_pages(m[3], nr=2, gup_flags=WRITE)
claim GUP-01: ret == 2 and ref(m[0]) == 3
g = pin_user_pages_fast(m[0], nr=1)
c = fork()
claim GUP-50: page(c, m[3]) != page(m[3]) and pte(m[3], write) and pte(c, m[3], write)
d = c: load(m[3], n=6)
claim GUP-31: d == "pinned"
unpin_user_page(h)
unpin_user_page(g)
c: exit()
claim GUP-06: ref(m[0]) == 1
