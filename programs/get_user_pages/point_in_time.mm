# A held page has what was valid at some time: new bytes while mapped, the old ones when replaced.
m = mmap(pages=1, prot=rw, flags=private|anon)
store(m[0], "first")
h = get_user_pages(m[0], nr=1)
store(m[0], "again")
a = peek(h[0], n=5)
claim GUP-38: a == "again"
madvise(m[0], pages=1, advice=DONTNEED)
store(m[0], "third")
b = peek(h[0], n=5)
claim GUP-38: b == "again" and page(h[0]) != page(m[0])
