# The check of PIN and LONGTERM is one for three calls: each returns -EINVAL, warned of or not.
m = mmap(pages=1, prot=rw, flags=private|anon)
store(m[0], "page")
a = get_user_pages_remote(main, m[0], nr=1, gup_flags=PIN, locked=1)
claim GUP-24: ret == -EINVAL and locked == 1
b = get_user_pages_fast(m[0], nr=1, gup_flags=PIN)
claim GUP-24: ret == -EINVAL
c = get_user_pages_fast(m[0], nr=1, gup_flags=LONGTERM)
claim GUP-24: ret == -EINVAL and ref(m[0]) == 1
