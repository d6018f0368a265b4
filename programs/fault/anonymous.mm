# Untouched anonymous memory: a read maps the zero page, a write a page of its own.
m = mmap(pages=4, prot=rw, flags=private|anon)
load(m[0])
store(m[1], "new")
store(m[0]+4090, "across two pages")
d = load(m[0]+4090, 16)
load(m[2])
store(m[2], "copied from zero")
