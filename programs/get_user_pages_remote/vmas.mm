# vmas are the other process's VMAs.
requires: kernel < 6.5
m = mmap(pages=2, prot=rw, flags=private|anon)
c = fork()
c: mprotect(m[1], pages=1, prot=r)
a = get_user_pages_remote(c, m[0], nr=2, vmas=1)
claim GUP-07: ret == 2 and vmas == 2
b = get_user_pages_remote(c, m[0], nr=2, gup_flags=WRITE, vmas=1)
claim GUP-07: ret == 1 and vmas == 1
