# Calls on the descriptor of secret memory: it can be neither read, written, allocated nor synced.
requires: option == SECRETMEM
f = memfd_secret(pages=2)
m = mmap(pages=2, prot=rw, flags=shared, file=f)
store(m[0], "secret")
pread(f, offset=0, n=6)
pwrite(f, offset=0, data="public")
fallocate(f, offset=0, n=8192)
madvise(m, REMOVE)
fsync(f)
msync(m, SYNC)
msync(m, ASYNC)
load(m[0], n=6)
