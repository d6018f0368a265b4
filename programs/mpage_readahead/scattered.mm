# A page whose blocks do not follow each other is read by buffers.
f = scripted(pages=3, block=2048)
get_block(f, 0, n=2, at=10)
get_block(f, 2, at=12)
get_block(f, 3, at=20)
get_block(f, 4, n=2, at=13)
mpage_readahead(f, page=0, nr=3)
b = bios(f)
claim MPR-05: b == "RA 40+8, R 48+4, R 80+4, RA 52+8"
g = get_blocks(f)
