# GROWSDOWN is for private anonymous memory alone.
f = memfd(pages=1)
s = mmap(pages=1, prot=rw, flags=shared|anon|GROWSDOWN)
p = mmap(pages=1, prot=rw, flags=private|GROWSDOWN, file=f)
m = mmap(pages=1, prot=rw, flags=private|anon|GROWSDOWN)
n = mmap(pages=1, prot=rw, flags=private|anon, adjacent_to=m)
store(m[0], "apart")
load(n[0])
c = fork()

# What a file's descriptor does not allow is found before that.
g = open(pages=1, flags=rdonly)
mmap(pages=1, prot=rw, flags=shared|GROWSDOWN, file=g)
mmap(pages=1, prot=r, flags=shared|GROWSDOWN, file=g)
