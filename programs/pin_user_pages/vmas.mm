# A pin fills in the vmas array too, also where it asks for itself; nothing where its flags are wrong.
requires: kernel < 6.5
m = mmap(pages=1, prot=rw, flags=private|anon)
store(m[0], "page")
d = pin_user_pages(m[0], nr=1, gup_flags=PIN, vmas=1)
claim GUP-07: ret == 1 and vmas == 1 and ref(m[0]) == 1025
e = get_user_pages(m[0], nr=0, gup_flags=LONGTERM|PIN, vmas=1)
claim GUP-07: ret == -EINVAL and vmas == 0
