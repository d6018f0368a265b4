# get_user_pages refuses secret memory, absent or present, in every way; the pages before it still come.
requires: option == SECRETMEM
f = memfd_secret(pages=2)
m = mmap(pages=1, prot=rw, flags=private|anon)
s = mmap(pages=2, prot=rw, flags=shared, file=f, adjacent_to=m)
a = get_user_pages(s[0], nr=1)
claim GUP-29: ret == -EFAULT and page(s[0]) == 0
store(s[0], "present")
b = get_user_pages(s[0], nr=1, gup_flags=WRITE)
claim GUP-29: ret == -EFAULT
get_user_pages(s[0], nr=1, gup_flags=WRITE|FORCE)
claim GUP-29: ret == -EFAULT
store(m[0], "before")
h = get_user_pages(m[0], nr=3, gup_flags=WRITE)
claim GUP-29: ret == 1 and ref(s[0]) == 2
put_page(h)
