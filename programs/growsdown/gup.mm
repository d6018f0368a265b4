# get_user_pages below a GROWSDOWN mapping does not grow it; a load does, and then it works.
g = mmap(pages=2, prot=rw, flags=private|anon|GROWSDOWN)
store(g[0], "bottom")
h = get_user_pages(g[-1], nr=1)
claim GUP-22: ret == -EFAULT
f = get_user_pages_fast(g[-1], nr=2, gup_flags=WRITE)
claim GUP-22: ret == -EFAULT
load(g[-1])
k = get_user_pages(g[-1], nr=2, gup_flags=WRITE)
claim GUP-01: ret == 2
put_page(k)
