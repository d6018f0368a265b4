# ptrace grows a stack where a word begins below it; whether where it only ends there, differs.
n = mmap(pages=1, prot=none, flags=private|anon)
g = mmap(pages=4, prot=rw, flags=private|anon|GROWSDOWN, adjacent_to=n)
munmap(g[0], pages=3)
store(g[3], "top")
c = fork()
ptrace_peekdata(c, n[0]+4092)
ptrace_peekdata(c, g[2]+4092)
claim ARV-08: ret == 0
ptrace_pokedata(c, g[1], "farther!")
claim ARV-08: ret == 0
c: load(g[1], 8)
