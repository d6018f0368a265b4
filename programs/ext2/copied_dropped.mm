# Who writes to a private copy reads nothing: the file's page may be gone, and the lock stays held.
f = open(pages=1)
m = mmap(pages=1, prot=rw, flags=private, file=f)
store(m[0], "a copy")
c = fork()
drop_caches()
h = get_user_pages_remote(main, m[0], nr=1, gup_flags=WRITE, locked=1)
claim GUP-18: locked == 1
