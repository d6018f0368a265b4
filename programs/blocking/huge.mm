# Huge pages wait for a userfaultfd as small ones do; one small page does not fill them.

m = mmap(pages=1024, prot=rw, flags=private|anon|HUGETLB)
store(m[0], "there")
c = fork()
uffd_register(m[1], pages=1023)
uffd_register(m[0], pages=513)
uffd_register(m)
load(m[3], n=2)
h = get_user_pages(m[512], nr=1)
claim GUP-34: ret == -EFAULT
t = begin get_user_pages_fast(m[511], nr=2)
claim GUP-34: blocked
c: uffd_copy(main, m[512], "small")
c: uffd_zeropage(main, m[512])
c: load(m[0], n=5)
wait(t)
