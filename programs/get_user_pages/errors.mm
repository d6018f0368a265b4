# No page: -EFAULT for a hole, no permission, beyond the end of a file, kernel and wild addresses.
f = memfd(pages=1)
m = mmap(pages=3, prot=rw, flags=private|anon)
s = mmap(pages=2, prot=rw, flags=shared, file=f)
mprotect(m[1], pages=1, prot=r)
mprotect(m[2], pages=1, prot=none)
a = get_user_pages(m[-1], nr=1)
claim GUP-05: ret == -EFAULT
b = get_user_pages(m[1], nr=1, gup_flags=WRITE)
claim GUP-05: ret == -EFAULT
c = get_user_pages(m[2], nr=1)
claim GUP-05: ret == -EFAULT
d = get_user_pages(s[1], nr=1)
claim GUP-05: ret == -EFAULT
e = get_user_pages(0xffff888000000000, nr=1)
claim GUP-05: ret == -EFAULT
g = get_user_pages(0x8000000000000000, nr=1)
claim GUP-05: ret == -EFAULT
