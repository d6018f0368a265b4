# Nothing stale is left behind munmap: an access faults, and only a held page still has the bytes.
f = memfd(pages=1)
m = mmap(pages=2, prot=rw, flags=private|anon)
s = mmap(pages=1, prot=rw, flags=shared, file=f)
store(m[0], "was here")
load(m[0], 8)
store(s[0], "in the file")
h = get_user_pages(m[0], nr=1, gup_flags=WRITE)
munmap(m)
load(m[0])
claim UMV-04: signal == SIGSEGV and si_code == SEGV_MAPERR
store(m[0], "too late")
claim UMV-04: signal == SIGSEGV and si_code == SEGV_MAPERR
d = peek(h[0], 8)
claim UMV-04: d == "was here"
claim GUP-11: ref(h[0]) == 1 and map(h[0]) == 0
n = mmap(pages=1, prot=rw, flags=private|anon, at=m[0])
e = load(n[0], 8)
claim UMV-04: e == "\x00\x00\x00\x00\x00\x00\x00\x00"
munmap(s)
store(s[0], "too late")
claim UMV-04: signal == SIGSEGV and si_code == SEGV_MAPERR
get_user_pages(m[1], nr=1)
claim GUP-05: ret == -EFAULT
put_page(h)
