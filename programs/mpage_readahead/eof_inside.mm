# The end of the file inside a page is a hole at the page's end.
f = scripted(size=10752, block=512)
get_block(f, 0, n=32, at=1000)
mpage_readahead(f, page=0, nr=4)
b = bios(f)
claim MPR-06: b == "RA 1000+21"
g = get_blocks(f)
claim MPR-09: g == "0+21"
m = mmap(pages=3, prot=r, flags=private, file=f)
load(m[2]+2552, n=16)
