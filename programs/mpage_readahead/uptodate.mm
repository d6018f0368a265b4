# A block that get_block itself fills in is not read again, and what was gathered goes off.
f = scripted(pages=4)
get_block(f, 0, n=2, at=100)
get_block(f, 2, at=102, flags=UPTODATE)
get_block(f, 3, at=103)
mpage_readahead(f, page=0, nr=4)
b = bios(f)
claim MPR-09: b == "RA 800+16, RA 824+8"
get_blocks(f)
m = mmap(pages=4, prot=r, flags=private, file=f)
load(m[2], n=8)
