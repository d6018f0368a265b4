# locked stays 1 where nothing has to wait: present pages, anonymous memory, reads, errors.
f = memfd(pages=2)
m = mmap(pages=2, prot=rw, flags=private|anon)
s = mmap(pages=2, prot=rw, flags=shared, file=f)
p = mmap(pages=1, prot=rw, flags=private, file=f)
a = get_user_pages_remote(main, m[0], nr=2, gup_flags=WRITE, locked=1)
claim GUP-18: ret == 2 and locked == 1
b = get_user_pages_remote(main, s[0], nr=2, locked=1)
claim GUP-18: ret == 2 and locked == 1
c = get_user_pages_remote(main, p[0], nr=1, gup_flags=WRITE, locked=1)
claim GUP-18: ret == 1 and locked == 1
d = get_user_pages_remote(main, m[-1], nr=1, locked=1)
claim GUP-18: ret == -EFAULT and locked == 1
e = get_user_pages_remote(main, s[1], nr=1, gup_flags=WRITE, locked=1)
claim GUP-18: ret == 1 and locked == 1
