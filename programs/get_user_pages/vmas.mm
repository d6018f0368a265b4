# The vmas array gets the VMA of each page, also where pages is NULL and where a hole ends the call.
requires: kernel < 6.5
m = mmap(pages=2, prot=rw, flags=private|anon)
n = mmap(pages=2, prot=r, flags=private|anon, adjacent_to=m)
a = get_user_pages(m[0], nr=4, vmas=1)
claim GUP-07: ret == 4 and vmas == 4
b = get_user_pages(m[1]+100, nr=9, gup_flags=WRITE, pages=NULL, vmas=1)
claim GUP-07: ret == 1 and vmas == 1
c = get_user_pages(m[-1], nr=1, vmas=1)
claim GUP-07: ret == -EFAULT and vmas == 0
d = get_user_pages(m[0], nr=2, vmas=0)
