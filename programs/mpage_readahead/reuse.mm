# One answer of get_block serves every page that it covers, also behind one read by buffers.
f = scripted(pages=8, block=2048)
get_block(f, 0, n=5, at=100)
get_block(f, 5, n=4, at=200)
get_block(f, 10, n=6, at=300)
mpage_readahead(f, page=0, nr=8)
bios(f)
g = get_blocks(f)
claim MPR-09: g == "0+16, 5+11, 4+1, 5+1, 9+7, 10+6"
