# GET, HWPOISON and SPLIT_PMD change nothing for small pages that are well; NOWAIT nothing without I/O.
f = memfd(pages=2)
m = mmap(pages=2, prot=rw, flags=private|anon)
s = mmap(pages=2, prot=rw, flags=shared, file=f)
a = get_user_pages(m[0], nr=2, gup_flags=WRITE|GET|HWPOISON|SPLIT_PMD)
claim GUP-01: ret == 2 and ref(m[1]) == 2
b = get_user_pages(s[0], nr=2, gup_flags=WRITE|NOWAIT)
claim GUP-01: ret == 2 and flag(b[1], dirty)
c = get_user_pages_fast(m[0], nr=2, gup_flags=GET|FORCE)
claim GUP-01: ret == 2 and ref(m[1]) == 3
d = get_user_pages(m[2], nr=1, gup_flags=HWPOISON)
claim GUP-05: ret == -EFAULT
