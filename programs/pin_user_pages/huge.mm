# A pin of a transparent huge page's part counts at the head; fork splits the leaf and copies every page.
m = mmap(pages=512, prot=rw, flags=private|anon, align=512)
madvise(m, HUGEPAGE)
store(m[5], "pinned")
h = pin_user_pages(m[5], nr=2, gup_flags=WRITE)
claim GUP-01: ret == 2 and ref(m[0]) == 3
g = pin_user_pages_fast(m[0], nr=1)
c = fork()
claim GUP-31: page(c, m[5]) != page(m[5]) and page(c, m[6]) != page(m[6]) and pte(m[5], write)
store(m[5], "parent")
d = c: load(m[5], n=6)
claim GUP-31: d == "pinned" and page(h[0]) == page(m[5])
unpin_user_page(h)
unpin_user_page(g)
