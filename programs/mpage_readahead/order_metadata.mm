# Without BH_Boundary what maps block 12 is read before blocks 0 to 11.
f = scripted(pages=16)
get_block(f, 0, n=12, at=100)
get_block(f, 12, n=4, at=113, metadata=112)
mpage_readahead(f, page=0, nr=16)
b = bios(f)
claim MPR-15: b == "RM 896+8, RA 800+96, RA 904+32"
