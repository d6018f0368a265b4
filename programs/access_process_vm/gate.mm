# The vsyscall page is out of access_process_vm's reach, though get_user_pages has it.
requires: arch == x86_64
m = mmap(pages=1, prot=rw, flags=private|anon)
h = get_user_pages(VSYSCALL, nr=1)
claim GUP-21: ret == 1
access_process_vm(main, VSYSCALL, n=8)
claim ARV-09: ret == 0
mem_read(main, VSYSCALL, n=8)
claim ARV-09: ret == -EIO
put_page(h)
g = get_user_pages(VSYSCALL, nr=1)
claim GUP-21: ret == 1
