# An ext2 neither allocates nor punches; a descriptor for reading does not write either.
requires: option == EXT2_FS
f = open(pages=2)
r = open(pages=2, flags=rdonly)
s = mmap(pages=2, prot=rw, flags=shared, file=f)
store(s[0], "stays")
fallocate(f, offset=0, n=4096)
fallocate(f, offset=0, n=4096, mode=PUNCH_HOLE|KEEP_SIZE)
fallocate(r, offset=0, n=4096)
fallocate(r, offset=0, n=0)
madvise(s, REMOVE)
pwrite(r, offset=0, data="x")
d = pread(r, offset=0, n=4)
