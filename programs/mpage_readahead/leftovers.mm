# Pages that ->readahead leaves alone go, as many as are asynchronous; the others stay, not read.
f = scripted(pages=8)
get_block(f, 0, n=8, at=100)
mpage_readahead(f, page=0, nr=8, take=3, late=2)
b = bios(f)
claim MPR-01: b == "RA 800+24"
g = get_blocks(f)
mpage_readahead(f, page=0, nr=8)
b2 = bios(f)
claim MPR-14: b2 == "RA 824+16" or b2 == "RA 824+40"
m = mmap(pages=8, prot=r, flags=private, file=f)
load(m[7], n=8)
bios(f)
