# A call that the module refuses ends its process all the same when SIGKILL is pending.

m = mmap(pages=600, prot=r, flags=private|anon)
c = fork()
h = c: get_user_pages(m[0], nr=601, pending=SIGKILL)
c: load(m[0])
load(m[0])
