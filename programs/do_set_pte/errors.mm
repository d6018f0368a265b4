# What ->fault's errors become: of a user's access a signal, of get_user_pages an errno.
d = device()
m = mmap(pages=4, prot=rw, flags=shared, file=d)
load(m[0])
a = get_user_pages(m[0], nr=1)
claim GUP-05: ret == -EFAULT
on_fault(d, gives=OOM)
load(m[0])
b = get_user_pages(m[0], nr=1, gup_flags=WRITE)
claim GUP-05: ret == -ENOMEM
c = get_user_pages_fast(m[0], nr=1)
claim GUP-05: ret == -ENOMEM
on_fault(d, gives=HWPOISON)
load(m[1])
e = get_user_pages(m[0], nr=1)
claim GUP-05: ret == -EFAULT
g = get_user_pages(m[0], nr=1, gup_flags=HWPOISON)
claim GUP-05: ret == -EHWPOISON
on_fault(d, gives=SIGSEGV)
store(m[0], "A")
claim GUP-05: signal == SIGSEGV and si_code == SEGV_MAPERR
h = get_user_pages(m[0], nr=1)
claim GUP-05: ret == -EFAULT
p = alloc_pages(1)
on_fault(d, p)
k = get_user_pages(m[0], nr=2)
claim GUP-02: ret == 1
on_fault(d, gives=OOM)
l = get_user_pages(m[0], nr=3)
claim GUP-02: ret == 1
on_fault(d, gives=SIGBUS)
store(m[1], "A")
n = mmap(pages=2, prot=rw, flags=private, file=d)
store(n[0], "A")
mem_read(main, m[1], n=4)
