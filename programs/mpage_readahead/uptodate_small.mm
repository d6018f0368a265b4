# Of a page of several blocks the one that get_block filled in is not asked for again.
f = scripted(pages=2, block=1024)
get_block(f, 0, n=8, at=100)
get_block(f, 1, at=101, flags=UPTODATE)
mpage_readahead(f, page=0, nr=2)
b = bios(f)
g = get_blocks(f)
claim MPR-09: g == "0+8, 1+7, 0+1, 2+1, 3+1, 4+4"
