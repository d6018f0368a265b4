# A fault that reads from the disk lets the mmap lock go, and so does each that tells the file of a write.
f = open(pages=2)
s = mmap(pages=2, prot=rw, flags=shared, file=f)
store(s[0], "on the disk")
store(s[1], "too")
fsync(f)
madvise(s, DONTNEED)
drop_caches()
a = get_user_pages_remote(main, s[0], nr=1, locked=1)
claim GUP-18: ret == 1 and locked == 0
claim GUP-45: ret == 0
b = get_user_pages_remote(main, s[0], nr=1, locked=1)
claim GUP-18: ret == 1 and locked == 1
c = get_user_pages_remote(main, s[0], nr=1, gup_flags=WRITE, locked=1)
claim GUP-18: ret == 1 and locked == 0
d = get_user_pages_remote(main, s[0], nr=1, gup_flags=WRITE, locked=1)
claim GUP-18: ret == 1 and locked == 1
