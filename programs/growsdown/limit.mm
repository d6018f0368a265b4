# A stack grows to RLIMIT_STACK and not one page further.
g = mmap(pages=2052, prot=rw, flags=private|anon|GROWSDOWN)
munmap(g[0], pages=2050)
load(g[3])
load(g[4])
store(g[3], "x")
