# Where a fault would map a whole leaf, userfaultfd is asked for its page and gets a small one.

m = mmap(pages=1536, prot=rw, flags=private|anon, align=512)
madvise(m, HUGEPAGE)
store(m[0], "leaf")
uffd_register(m)
c = fork()
uffd_copy(main, m[5], "never")
t = begin load(m[515], n=5)
c: uffd_copy(main, m[515], "small")
d = wait(t)
u = begin store(m[516], "next")
c: uffd_zeropage(main, m[516])
wait(u)
h = get_user_pages(m[1024], nr=1)
claim GUP-34: ret == -EFAULT
v = begin get_user_pages_fast(m[1500], nr=2, gup_flags=WRITE)
c: uffd_copy(main, m[1500], "one")
wait(v)
c: uffd_copy(main, m[1501], "two")
k = wait(v)
claim GUP-34: ret == 2
madvise(m[0], DONTNEED, pages=512)
w = begin store(m[0], "again")
c: uffd_zeropage(main, m[1])
wait(w)

# A range that ends inside a leaf splits it.
madvise(m[0], DONTNEED, pages=512)
n = mmap(pages=512, prot=rw, flags=private|anon, align=512)
madvise(n, HUGEPAGE)
store(n[0], "leaf")
uffd_register(n[3], pages=2)
load(n[0], n=4)
