# A write-only mapping cannot be taken for reading without FORCE, though the process can load.
m = mmap(pages=1, prot=w, flags=private|anon)
store(m[0], "w")
load(m[0])
r = get_user_pages(m[0], nr=1)
claim GUP-05: ret == -EFAULT
w = get_user_pages(m[0], nr=1, gup_flags=WRITE)
claim GUP-01: ret == 1
f = get_user_pages(m[0], nr=1, gup_flags=FORCE)
put_page(w)
put_page(f)
