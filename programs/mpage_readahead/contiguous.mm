# Pages whose blocks follow each other on the disk are read by one bio.
f = scripted(pages=16)
get_block(f, 0, n=12, at=100)
get_block(f, 12, n=4, at=112)
mpage_readahead(f, page=0, nr=16)
b = bios(f)
claim MPR-02: b == "RA 800+128"
g = get_blocks(f)
claim MPR-09: g == "0+16, 12+4"
m = mmap(pages=16, prot=r, flags=shared, file=f)
load(m[0], n=8)
load(m[15]+4088, n=8)
