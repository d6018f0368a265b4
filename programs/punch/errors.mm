# What fallocate refuses.
f = memfd(pages=1)
fallocate(f, offset=0, n=0)
fallocate(f, offset=0, n=4096, mode=PUNCH_HOLE)
fallocate(f, offset=0, n=0, mode=PUNCH_HOLE)
fallocate(f, offset=4096, n=4096, mode=PUNCH_HOLE|KEEP_SIZE)
