# Blocks that follow each other, of several calls of get_block, are contiguous in a page.
f = scripted(pages=2, block=1024)
get_block(f, 0, n=8, at=100, flags=SINGLE)
mpage_readahead(f, page=0, nr=2)
b = bios(f)
claim MPR-02: b == "RA 200+16"
g = get_blocks(f)
claim MPR-09: g == "0+8, 1+7, 2+6, 3+5, 4+4, 5+3, 6+2, 7+1"
