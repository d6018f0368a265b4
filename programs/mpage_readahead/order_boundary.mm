# With BH_Boundary on block 11 the requests of the first 16 blocks are issued in their order.
f = scripted(pages=16)
get_block(f, 0, n=12, at=100, flags=BOUNDARY)
get_block(f, 12, n=4, at=113, metadata=112)
mpage_readahead(f, page=0, nr=16)
b = bios(f)
claim MPR-08: b == "RA 800+96, RM 896+8, RA 904+32"
