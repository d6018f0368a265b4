# By buffers, too, get_block is not asked behind the end of the file.
f = scripted(size=6000, block=1024)
get_block(f, 0, n=8, at=100)
add_buffers(f, page=1)
mpage_readahead(f, page=0, nr=2)
b = bios(f)
claim MPR-03: b == "RA 200+8, R 208+2, R 210+2"
g = get_blocks(f)
claim MPR-09: g == "0+6, 4+1, 5+1"
m = mmap(pages=2, prot=r, flags=private, file=f)
load(m[1]+2040, n=16)
