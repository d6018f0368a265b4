# A page that is in the cache but was never read is read with the mmap lock let go, like an absent one.
f = open(size=5000)
m = mmap(pages=2, prot=rw, flags=private, file=f)
a = get_user_pages_remote(main, m[1], nr=1, locked=1)
claim GUP-18: ret == 1 and locked == 0
b = get_user_pages_remote(main, m[1], nr=1, locked=1)
claim GUP-18: ret == 1 and locked == 1
c = get_user_pages_remote(main, m[0], nr=1, locked=1)
claim GUP-18: ret == 1 and locked == 0
put_page(a)
