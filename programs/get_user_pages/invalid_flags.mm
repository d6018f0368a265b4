# PIN and LONGTERM are not the caller's to give: -EINVAL and a warning, the second time without one.
m = mmap(pages=1, prot=rw, flags=private|anon)
store(m[0], "page")
a = get_user_pages(m[0], nr=1, gup_flags=PIN)
claim GUP-24: ret == -EINVAL and ref(m[0]) == 1
b = get_user_pages(m[0], nr=1, gup_flags=WRITE|PIN)
claim GUP-24: ret == -EINVAL
c = get_user_pages(m[0], nr=1, gup_flags=LONGTERM)
claim GUP-24: ret == -EINVAL
d = get_user_pages(m[0], nr=0, gup_flags=LONGTERM|PIN)
claim GUP-24: ret == -EINVAL
e = get_user_pages_unlocked(m[0], nr=1, gup_flags=LONGTERM)
claim GUP-24: ret == -EINVAL
g = get_user_pages(m[0], nr=1, gup_flags=GET)
claim GUP-24: ret == 1 and ref(m[0]) == 2
