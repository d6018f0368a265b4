# A forced write to a private read-only mapping of a file never reaches the file.
f = open(pages=1)
s = mmap(pages=1, prot=rw, flags=shared, file=f)
store(s[0], "old")
fsync(f)
m = mmap(pages=1, prot=r, flags=private, file=f)
load(m[0], n=3)
h = get_user_pages(m[0], nr=1, gup_flags=WRITE|FORCE)
poke(h[0], "new")
set_page_dirty_lock(h)
d = load(m[0], n=3)
claim GUP-14: ret == 3 and d == "new"
e = load(s[0], n=3)
claim GUP-14: e == "old"
put_page(h)
munmap(m)
munmap(s)
fsync(f)
drop_caches()
n = mmap(pages=1, prot=r, flags=private, file=f)
g = load(n[0], n=3)
claim GUP-14: g == "old"
