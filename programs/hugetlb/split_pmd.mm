# SPLIT_PMD has nothing to split in memory of hugetlb, nor do PCI_P2PDMA and HWPOISON matter there.
m = mmap(pages=1024, prot=rw, flags=private|anon|HUGETLB)
store(m[0], "whole")
a = get_user_pages(m[5], nr=2, gup_flags=SPLIT_PMD)
b = get_user_pages(m[512], nr=1, gup_flags=SPLIT_PMD|WRITE)
c = get_user_pages(m[6], nr=1, gup_flags=HWPOISON)
claim GUP-01: ret == 1 and page(c[0]) == page(m[6])
