# The fast call meets a present secret page, gives it back, and the slow path refuses it.
requires: option == SECRETMEM
f = memfd_secret(pages=2)
m = mmap(pages=1, prot=rw, flags=private|anon)
s = mmap(pages=2, prot=rw, flags=shared, file=f, adjacent_to=m)
store(m[0], "before")
store(s[0], "present")
get_user_pages_fast(s[0], nr=1, gup_flags=WRITE)
claim GUP-29: ret == -EFAULT and ref(s[0]) == 2
get_user_pages_fast(s[1], nr=1)
claim GUP-29: ret == -EFAULT and page(s[1]) == 0
h = get_user_pages_fast(m[0], nr=2)
claim GUP-29: ret == 1
get_user_pages_fast(s[0], nr=0)
claim GUP-29: ret == 0 and ref(s[0]) == 2
put_page(h)
