# Where the vsyscall page can only be executed, no call takes it.
requires: arch == x86_64 and boot_arg == "vsyscall=xonly"
m = mmap(pages=1, prot=rw, flags=private|anon)
a = get_user_pages(VSYSCALL, nr=1)
claim GUP-21: ret == 1
b = get_user_pages_remote(main, VSYSCALL, nr=1)
claim GUP-21: ret == 1
c = get_user_pages_fast(VSYSCALL, nr=1)
d = pin_user_pages(VSYSCALL, nr=1)
claim GUP-21: ret == 1
h = get_user_pages(m[0], nr=1, gup_flags=WRITE)
put_page(h)
