# Growing a file drops what was read ahead behind its new end; before it everything stays.
f = open(pages=2)
mpage_readahead(f, page=0, nr=8)
ftruncate(f, pages=4)
mpage_readahead(f, page=0, nr=8)
ftruncate(f, size=20000)
