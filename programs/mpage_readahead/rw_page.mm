# A disk that takes pages gets whole ones without a bio; a page that ends in holes has a bio.
f = scripted(pages=5, block=2048, flags=RW_PAGE)
get_block(f, 0, n=7, at=100)
get_block(f, 8, n=2, at=108)
mpage_readahead(f, page=0, nr=5)
b = bios(f)
claim MPR-11: b == "P 400+8, P 408+8, P 416+8, RA 424+4, P 432+8"
get_blocks(f)
