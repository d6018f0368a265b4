# What has no readahead, or no script, is refused.
f = memfd(pages=2)
mpage_readahead(f, page=0, nr=2)
get_block(f, 0, at=5)
g = open(pages=2)
add_buffers(g, page=0)
bios(f)
