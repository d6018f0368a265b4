# A word that cannot be had whole is -EIO, though what could be written is; no process traces itself.
f = memfd(pages=1)
m = mmap(pages=1, prot=rw, flags=private|anon)
s = mmap(pages=2, prot=r, flags=shared, file=f)
c = fork()
ptrace_peekdata(c, m[-1])
claim ARV-03: ret == -EIO
ptrace_peekdata(c, m[0]+4092)
claim ARV-02: ret == -EIO
ptrace_pokedata(c, m[0]+4092, "halfhalf")
claim ARV-02: ret == -EIO
claim ARV-05: flag(c, m[0], dirty)
c: load(m[0]+4088, 8)
ptrace_pokedata(c, s[0], "shared!!")
claim ARV-04: ret == -EIO
ptrace_peekdata(c, s[0]+4088)
ptrace_peekdata(c, s[1])
ptrace_peekdata(c, KERNEL)
ptrace_peekdata(c, 0)
ptrace_peekdata(main, m[0])
ptrace_pokedata(main, m[0], "itself..")
kill(c)
ptrace_peekdata(c, m[0])
ptrace_pokedata(c, m[0], "too late")
