# /proc/PID/mem grows a stack, another process's too, and also where it comes to it from below.
g = mmap(pages=6, prot=rw, flags=private|anon|GROWSDOWN)
munmap(g[0], pages=4)
store(g[4], "top")
c = fork()
d = mem_read(c, g[3], n=8)
claim ARV-08: ret == 8
mem_write(c, g[2]+4092, "from the main process")
claim ARV-08: ret == 21
e = c: load(g[3], 4)
load(g[3])
mem_write(main, g[-1], "x")
n = mmap(pages=1, prot=none, flags=private|anon)
h = mmap(pages=3, prot=rw, flags=private|anon|GROWSDOWN, adjacent_to=n)
munmap(h[0], pages=2)
x = mem_read(main, n[0]+4092, n=8)
claim ARV-12: ret == 8
