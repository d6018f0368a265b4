# Also behind a page that was given up for a hole, what get_block said of more holds.
f = scripted(pages=4, block=1024)
get_block(f, 1, n=11, at=100)
mpage_readahead(f, page=0, nr=4)
bios(f)
get_blocks(f)
