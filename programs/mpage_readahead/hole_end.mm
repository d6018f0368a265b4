# A page that ends in holes is read up to them, zeroed behind them, and its bio goes off at once.
f = scripted(pages=4, block=1024)
get_block(f, 0, n=6, at=400)
get_block(f, 8, n=8, at=406)
mpage_readahead(f, page=0, nr=4)
b = bios(f)
claim MPR-06: b == "RA 800+12, RA 812+16"
get_blocks(f)
m = mmap(pages=4, prot=r, flags=shared, file=f)
load(m[1]+2040, n=16)
