# Memory whose process is dead, and which a sleeping call still has, loses a hole's pages too; nobody wakes.
f = memfd(pages=4)
s = mmap(pages=4, prot=rw, flags=shared, file=f)
c = fork()
k = fork()
c: load(s[0])
c: uffd_register(s[2], pages=1)
t = begin get_user_pages_remote(c, s[2], nr=1, locked=1)
claim GUP-34: blocked
k: load(s[0])
k: kill(c)
k: unmap_mapping_range(f, holebegin=0, holelen=0, even_cows=1)
claim UMR-01: page(c, s[0]) == 0 and page(k, s[0]) == 0
wait(t)
claim GUP-34: blocked
k: uffd_copy(c, s[2], "filled in")
h = wait(t)
claim GUP-18: ret == 1 and locked == 0
k: unmap_mapping_range(f, holebegin=8192, holelen=4096, even_cows=0)
put_page(h)
