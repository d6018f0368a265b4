# With more asynchronous pages than are left, every leftover goes; with none, every one stays.
f = scripted(pages=4)
get_block(f, 0, n=4, at=100)
add_buffers(f, page=2)
mpage_readahead(f, page=0, nr=4, take=1, late=4)
g = scripted(pages=4)
get_block(g, 0, n=4, at=100)
mpage_readahead(g, page=0, nr=4, take=0)
bios(g)
