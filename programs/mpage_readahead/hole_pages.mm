# Pages that are all hole, or behind the end, are zeroed, and break no bio.
f = scripted(pages=8)
get_block(f, 0, n=3, at=100)
get_block(f, 4, n=4, at=103)
mpage_readahead(f, page=0, nr=10)
claim MPR-07: ret == 0
b = bios(f)
claim MPR-07: b == "RA 800+56"
get_blocks(f)
m = mmap(pages=8, prot=r, flags=private, file=f)
load(m[3], n=8)
load(m[4], n=8)
h = get_user_pages_fast(m[2], nr=3)
