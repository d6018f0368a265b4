"""Wrong variants of the rules of unmapping ranges, as variants.py has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.model.state import G_ANON

EINVAL = 22

ZAPS: dict[str, Callable[..., Any]] = {
    # page tables go where they do not, and the other way round
    "discard_frees_table": lambda self, whole, left: (
        not self.sem.release.frees_tables and whole and not left
    ),
    # the zero page is anonymous memory, and stays
    "zap_spares": lambda self, special, page_flags: special or bool(page_flags & G_ANON),
    # without details private copies stay
    "zap_spares_copies": lambda self: True,
    # the range goes first, whatever VMA is named
    "zap_begins": lambda self, vma, start: start,
    # zap_page_range ends where its VMA does, as 6.12's zap_page_range_single does
    "zap_goes_on": lambda self: False,
    # zap_page_range_single goes on behind its VMA
    "zap_single_ends": lambda self, vma, end: end,
    # the calls are gone, as zap_page_range is since 6.3
    "lacks_zap": lambda self, single: True,
    # a range is kept to its VMA, as on 7.x
    "zap_wants_inside": lambda self, vma, start, end: start < vma.start or end > vma.end,
    # the address alone has to begin a page
    "zap_unaligned": lambda self, start, end: bool(start % 4096),
    # huge pages are cut as others are
    "zap_cuts_huge": lambda self, start, end: False,
    # a range in a hole is one that there is nothing to do for
    "zap_wants_vma": lambda self: False,
    # a hole begins with the first whole page
    "hole_begins": lambda self, begin: ((begin + 4095) & (1 << 64) - 1) >> 12,
    # a hole ends with the last whole page
    "hole_pages": lambda self, length: (length & (1 << 64) - 1) >> 12,
    # a hole of no page unmaps none
    "hole_ends": lambda self, first, pages: first + pages,
    # private copies always stay
    "hole_spares_copies": lambda self, even_cows: True,
    # only shared mappings lose the pages
    "hole_reaches": lambda self, shared: shared,
    # shared memory is counted twice, as resident and as shared
    "resident": lambda self, anon, file, shmem: anon + file + 2 * shmem,
    # counters are exact, as they are from 6.2 on
    "untold": lambda self, changes: 0,
    # it tells them also where there is no page table to zap
    "zap_tells": lambda self, table: True,
    # what is there stays
    "fixed_replaces": lambda self: False,
    # what was there stays where the mapping fails
    "fixed_unmaps_first": lambda self: False,
    # the error is that of a bad address
    "fixed_cuts_huge": lambda self: -14,
    # nothing is soon unmapped
    "munmap_empty_error": lambda self: 0,
    # the old image's memory stays
    "execve_keeps": lambda self: True,
}
