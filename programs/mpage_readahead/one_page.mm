# A page that a process needs is read alone, without REQ_RAHEAD.
f = scripted(pages=3, block=512)
get_block(f, 0, n=24, at=64)
m = mmap(pages=3, prot=r, flags=shared, file=f)
load(m[1]+504, n=16)
b = bios(f)
g = get_blocks(f)
claim MPR-09: b == "R 72+8" and g == "8+8"
h = get_user_pages(m[2], nr=1)
peek(h[0], 8)
pread(f, offset=4088, n=16)
bios(f)
