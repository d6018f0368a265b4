# The vsyscall page, which no VMA has, is taken for reading by the slow calls, and nothing behind it.
requires: arch == x86_64
m = mmap(pages=1, prot=rw, flags=private|anon)
a = get_user_pages(VSYSCALL, nr=1)
claim GUP-21: ret == 1
b = get_user_pages(VSYSCALL, nr=2)
claim GUP-21: ret == 1 and page(b[0]) == page(a[0])
c = get_user_pages(VSYSCALL, nr=1, gup_flags=WRITE|FORCE)
claim GUP-21: ret == -EFAULT
d = get_user_pages_fast(VSYSCALL, nr=1)
claim GUP-21: ret == -EFAULT
e = get_user_pages_remote(main, VSYSCALL, nr=1)
claim GUP-21: ret == 1
g = pin_user_pages(VSYSCALL, nr=1)
claim GUP-21: ret == 1
unpin_user_page(g)
put_page(a)

# It is nobody's mapping: vmas has none of a process's, and no flags are asked of it.
h = get_user_pages(VSYSCALL, nr=1, vmas=1)
i = get_user_pages(VSYSCALL, nr=1, gup_flags=ANON)
j = get_user_pages(VDSO, nr=1, gup_flags=ANON)
