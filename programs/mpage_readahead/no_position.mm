# A scripted file cannot be written to, and has no position at which it could.
s = scripted(pages=2)
pwrite(s, offset=0, data="no")
pread(s, offset=0, n=8)
g = open(pages=1, flags=rdonly)
pwrite(g, offset=0, data="no")
