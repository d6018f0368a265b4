# A tag in the top byte of an address: ignored on arm64, a wild address on x86-64.
m = mmap(pages=2, prot=rw, flags=private|anon)
store(m[0], "tagged")
a = get_user_pages(0xaa00001000001000, nr=1)
claim GUP-27: ret == 1
b = get_user_pages_fast(0xaa00001000001008, nr=1)
claim GUP-27: ret == 1
c = get_user_pages_fast(0xaa00001000001000, nr=0)
d = pin_user_pages(0xaa00001000001000, nr=1)
claim GUP-27: ret == 1
e = get_user_pages_remote(main, 0xaa00001000001000, nr=1)
claim GUP-27: ret == 1
