# Where get_block fails the page is tried by buffers, and does not get up to date.
f = scripted(pages=4)
get_block(f, 0, n=2, at=100)
get_block(f, 2, flags=ERROR)
get_block(f, 3, at=103)
mpage_readahead(f, page=0, nr=4)
claim MPR-09: ret == 0
b = bios(f)
claim MPR-12: b == "RA 800+16"
get_blocks(f)
# The last page's error is nobody else's.
k = scripted(pages=3)
get_block(k, 0, n=2, at=100)
get_block(k, 2, flags=ERROR)
mpage_readahead(k, page=0, nr=3)
o = bios(k)
claim MPR-09: o == "RA 800+16"
g = get_blocks(k)
claim MPR-09: g == "0+3, 2+1, 2+1"
m = mmap(pages=4, prot=r, flags=private, file=f)
load(m[1], n=8)
load(m[2])
claim MPR-09: signal == SIGBUS
h = get_user_pages(m[2], nr=1)
pread(f, offset=8184, n=16)
bios(f)
get_blocks(f)
get_block(f, 2, at=102)
load(m[2], n=8)
bios(f)
