# get_block is asked up to the last page that is to be read, not to the end of the file.
f = scripted(pages=16)
get_block(f, 0, n=16, at=100)
mpage_readahead(f, page=3, nr=5)
g = get_blocks(f)
claim MPR-10: g == "3+5"
b = bios(f)
claim MPR-02: b == "RA 824+40"
