# A page with a block behind a hole is read by buffers, each block by a bio of its own.
f = scripted(pages=4, block=1024)
get_block(f, 0, n=4, at=400)
get_block(f, 5, n=7, at=404)
get_block(f, 12, n=4, at=411)
mpage_readahead(f, page=0, nr=4)
b = bios(f)
claim MPR-04: b == "RA 800+8, R 808+2, R 810+2, R 812+2, RA 814+16"
g = get_blocks(f)
m = mmap(pages=4, prot=r, flags=private, file=f)
load(m[1], n=8)
load(m[1]+1024, n=8)
claim MPR-04: flag(m[1], private) and not flag(m[0], private)
