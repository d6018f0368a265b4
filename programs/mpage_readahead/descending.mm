# Pages are read from the lowest on, wherever their blocks lie.
f = scripted(pages=4)
get_block(f, 0, at=130)
get_block(f, 1, at=129)
get_block(f, 2, at=128)
get_block(f, 3, at=127)
mpage_readahead(f, page=0, nr=4)
b = bios(f)
claim MPR-01: b == "RA 1040+8, RA 1032+8, RA 1024+8, RA 1016+8"
