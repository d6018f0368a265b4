# By buffers only the block that cannot be read is missing; it is asked for again, and no other.
f = scripted(pages=2, block=1024, flags=RW_PAGE)
get_block(f, 0, n=4, at=100)
get_block(f, 4, n=2, at=200)
get_block(f, 6, n=2, at=300)
get_block(f, 2, at=102, flags=BAD)
get_block(f, 6, at=300, flags=BAD)
mpage_readahead(f, page=0, nr=2)
b = bios(f)
claim MPR-05: b == "RA 200+8 failed, R 400+2, R 402+2, R 600+2 failed, R 602+2"
get_blocks(f)
pread(f, offset=4096, n=8)
bios(f)
get_blocks(f)
