# A long-term pin for writing of a shared file on a disk: what is written later is lost.
f = open(pages=2)
m = mmap(pages=2, prot=rw, flags=shared, file=f)
h = pin_user_pages(m[0], nr=1, gup_flags=WRITE|LONGTERM)
claim GUP-33: ret == 1
k = pin_user_pages_fast(m[0], nr=2, gup_flags=WRITE|LONGTERM)
claim GUP-33: ret == 2
poke(h[0], "in time")
fsync(f)
poke(h[0]+8, "too late")
unpin_user_page(h)
unpin_user_page(k)
munmap(m)
fsync(f)
drop_caches()
n = mmap(pages=2, prot=r, flags=private, file=f)
d = load(n[0], n=16)
claim GUP-33: d == "in time\x00\x00\x00\x00\x00\x00\x00\x00\x00"
