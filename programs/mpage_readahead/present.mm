# A page that is there already is left alone; what comes behind it begins anew.
f = scripted(pages=6)
get_block(f, 0, n=6, at=100)
pread(f, offset=8192, n=8)
bios(f)
get_blocks(f)
mpage_readahead(f, page=0, nr=6)
b = bios(f)
claim MPR-10: b == "RA 800+16, RA 824+24"
g = get_blocks(f)
claim MPR-10: g == "0+2, 3+3"
