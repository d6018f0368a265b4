# A flag that no fast call knows is -EINVAL, with a warning the first time.
m = mmap(pages=1, prot=rw, flags=private|anon)
store(m[0], "page")
a = get_user_pages_fast(m[0], nr=1, gup_flags=NOWAIT)
claim FAST-04: ret == -EINVAL
b = get_user_pages_fast(m[0], nr=1, gup_flags=HWPOISON)
claim FAST-04: ret == -EINVAL
c = pin_user_pages_fast(m[0], nr=1, gup_flags=SPLIT_PMD)
claim GUP-24: ret == -EINVAL and ref(m[0]) == 1
