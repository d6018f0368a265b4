# A pin to read makes a page that came back from swap exclusive, if nobody else has it.

m = mmap(pages=2, prot=rw, flags=private|anon)
store(m[0], "zero")
store(m[1], "one")
swapon()
madvise(m, PAGEOUT)
c = fork()
p = pin_user_pages(m[0], nr=1)
c: exit()
load(m[1], n=3)
q = pin_user_pages(m[1], nr=1)
store(m[1], "the same page")
peek(q[0], 8)
