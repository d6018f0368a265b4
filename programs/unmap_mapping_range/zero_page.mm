# The zero page in a private mapping of a file is nobody's copy: it goes whatever even_cows is.
f = memfd(pages=3)
p = mmap(pages=3, prot=rw, flags=private, file=f)
uffd_register(p)
uffd_zeropage(main, p[0])
uffd_zeropage(main, p[1])
uffd_copy(main, p[2], "copy")
claim UMR-07: pte(p[0], zero) and pte(p[0], special) and pte(p[1], special) and not pte(p[2], special)
unmap_mapping_range(f, holebegin=0, holelen=4096, even_cows=0)
claim UMR-07: page(p[0]) == 0 and page(p[1]) != 0
unmap_mapping_range(f, holebegin=0, holelen=12288, even_cows=0)
claim UMR-07: page(p[1]) == 0
claim UMR-05: page(p[2]) != 0
uffd_zeropage(main, p[0])
unmap_mapping_range(f, holebegin=0, holelen=12288, even_cows=1)
claim UMR-07: page(p[0]) == 0
claim UMR-06: page(p[2]) == 0
