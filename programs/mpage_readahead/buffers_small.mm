# The same of smaller blocks: one bio a block, none of a hole.
f = scripted(pages=3, block=1024)
get_block(f, 0, n=6, at=100)
get_block(f, 7, n=4, at=106)
add_buffers(f, page=1)
add_buffers(f, page=2)
mpage_readahead(f, page=0, nr=3)
b = bios(f)
claim MPR-03: b == "RA 200+8, R 208+2, R 210+2, R 212+2, R 214+2, R 216+2, R 218+2"
get_blocks(f)
