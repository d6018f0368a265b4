# A count of 0 pins the present pages behind the address and faults in the rest of the mapping.
m = mmap(pages=3, prot=rw, flags=private|anon)
store(m[0], "present")
a = pin_user_pages_fast(m[0], nr=0)
claim FAST-02: ret == 0
b = pin_user_pages_fast(m[1], nr=1)
claim FAST-09: flag(b[0], zero)
unpin_user_page(a)
unpin_user_page(b)
