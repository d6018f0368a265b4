# ANON takes private anonymous memory and nothing else; a fast call does not know the flag.
f = memfd(pages=1)
m = mmap(pages=1, prot=rw, flags=private|anon)
s = mmap(pages=1, prot=rw, flags=shared|anon)
p = mmap(pages=1, prot=rw, flags=private, file=f)
store(p[0], "a copy in a file mapping")
a = get_user_pages(m[0], nr=1, gup_flags=WRITE|ANON)
claim GUP-26: ret == 1
b = get_user_pages(s[0], nr=1, gup_flags=ANON)
claim GUP-26: ret == -EFAULT
c = get_user_pages(p[0], nr=1, gup_flags=ANON|FORCE)
claim GUP-26: ret == -EFAULT
d = get_user_pages_fast(m[0], nr=1, gup_flags=ANON)
claim GUP-26: ret == -EINVAL
