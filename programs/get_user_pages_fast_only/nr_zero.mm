# A count of 0 takes the present pages behind the address, and faults in none.
m = mmap(pages=3, prot=rw, flags=private|anon)
store(m[0], "one")
store(m[1], "two")
a = get_user_pages_fast_only(m[0], nr=0)
claim FAST-02: ret == 0
b = get_user_pages_fast_only(m[2], nr=0)
claim FAST-15: ret == 0 and not pte(m[2], present)
