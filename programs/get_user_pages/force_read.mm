# FORCE reads where the process itself may not: no access at all, or none left.
m = mmap(pages=3, prot=none, flags=private|anon)
w = mmap(pages=1, prot=rw, flags=private|anon)
store(w[0], "hidden")
mprotect(w, prot=none)
a = get_user_pages(m[0], nr=1)
claim GUP-05: ret == -EFAULT
b = get_user_pages(m[0], nr=2, gup_flags=FORCE)
claim GUP-14: ret == 2
c = get_user_pages(w[0], nr=1, gup_flags=FORCE)
d = peek(c[0], 6)
claim GUP-14: d == "hidden"
load(w[0])
put_page(b)
put_page(c)
