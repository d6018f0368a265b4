# The top byte of an address: get_user_pages looks through it, other ways to memory may not.
m = mmap(pages=1, prot=rw, flags=private|anon)
store(m[0], "x")
h = get_user_pages_remote(main, 0x5500001000001000, nr=1)
claim GUP-27: ret == 1
access_process_vm(main, 0x5500001000001000, n=1)
mem_read(main, 0x5500001000001000, n=1)
access_process_vm(main, 0x1000001000, n=1)
process_vm_readv(main, 0x5500001000001000, n=1)
claim GUP-27: ret == 1
put_page(h)
