# A pin is no get: GET given to pin_user_pages is turned down, with a warning; PIN may be given.
m = mmap(pages=1, prot=rw, flags=private|anon)
store(m[0], "page")
a = pin_user_pages(m[0], nr=1, gup_flags=GET)
claim GUP-25: ret == -EINVAL
b = pin_user_pages(m[0], nr=1, gup_flags=GET|WRITE)
claim GUP-25: ret == -EINVAL
c = pin_user_pages_fast(m[0], nr=1, gup_flags=GET)
claim GUP-24: ret == -EINVAL and ref(m[0]) == 1
d = pin_user_pages(m[0], nr=1, gup_flags=PIN)
