"""Wrong variants of the rules of particular kinds of memory, as variants.py has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.model.rules import V_WRITE, prot_bits
from harness.model.state import P_DIRTY, P_HUGE, P_WRITE, P_YOUNG

EINVAL = 22

KINDS: dict[str, Callable[..., Any]] = {
    # fork takes what the parent was promised
    "huge_fork_finds": lambda self, left: True,
    # what cannot be cut twice is not cut once
    "huge_cut_stays": lambda self: False,
    # a private mapping of secret memory is a mapping like any other
    "secret_mmap": lambda self, shared, prot: -1 if prot & 4 else 0,
    # a mapping of secret memory is as any of a file
    "secret_vma_flags": lambda self, flags: flags,
    # a secret file can grow
    "secret_resizes": lambda self, size: True,
    # a secret file has no position to read at, but bytes to read
    "secret_io": lambda self: -EINVAL,
    # a secret file takes no such argument
    "secret_fallocate": lambda self: -EINVAL,
    # there is nothing to write back of secret memory, as of shmem
    "secret_syncs": lambda self, flags: True,
    # mlock marks any mapping
    "lock_takes": lambda self, vma, secret: True,
    # secret memory is memory
    "slow_takes_secret": lambda self: True,
    # the walk asks the PTE alone, as before there was secret memory
    "fast_takes_secret": lambda self: True,
    # a mapping of hugetlb could grow
    "huge_vma_flags": lambda self, flags: flags | 0x8000,
    # huge pages are promised as freely as small ones
    "huge_reserves": lambda self, wanted, left: True,
    # a copy takes what others were promised
    "huge_available": lambda self, promised, left: True,
    # a huge page comes out of the pool clean
    "huge_recycled_flags": lambda self, flags: 0,
    # a new huge page is writable at once where the mapping is
    "huge_new_pte": lambda self, vma: (
        prot_bits(vma) | P_HUGE | (P_WRITE if vma.flags & V_WRITE else 0)
    ),
    # a page that two map is written in place
    "huge_reuses": lambda self, mappings: mappings <= 2,
    # the child's copy is as writable as its mapping
    "huge_copied_pte": lambda self, vma: (
        prot_bits(vma) | P_HUGE | P_DIRTY | (P_WRITE if vma.flags & V_WRITE else 0)
    ),
    # a write leaves the entry clean
    "huge_written_pte": lambda self, flags, vma, copied: flags | P_WRITE | P_YOUNG,
    # the child's entry is old, as small ones are
    "huge_child_pte": lambda self, flags: flags & ~P_YOUNG,
    # the dirty bit is lost at unmap, as that of small anonymous pages is
    "huge_zapped_flags": lambda self, pte_flags, flags: flags,
    # a huge page can be cut
    "huge_split_refused": lambda self, edge: False,
    # a part of the last huge page goes as well
    "huge_dontneed": lambda self, start, end: None if start % 512 else -(-end // 512) * 512,
    # a fatal signal is told as of small pages
    "huge_interrupted": lambda self: -4,
    # FORCE writes where it does not, and the other way round
    "huge_forced": lambda self: not self.sem.release.huge_forced,
    # NOHUGEPAGE only takes back what HUGEPAGE asked for
    "thp_advised": lambda self, flags, wanted: (
        flags & ~0x40000 | 0x20000 if wanted else flags & ~0x20000
    ),
    # an empty page table makes way for a leaf
    "thp_wanted": lambda self, flags, fits, empty: bool(flags & 0x20000) and fits,
    # a read leaves a new leaf clean
    "thp_new_pte": lambda self, vma: (
        prot_bits(vma) | P_HUGE | (P_DIRTY | P_WRITE if vma.flags & V_WRITE else 0)
    ),
    # a leaf that was shared is written in place although its page is held
    "thp_reuses": lambda self, ref, mapped: ref <= 2,
    # the other way round about entries that lie together
    "protect_merges": lambda self: not self.sem.release.protect_merges,
    # what moves is as young as it was
    "move_merges": lambda self: False,
    # only what is set together becomes one
    "folds_by_last": lambda self, first_is_last: False,
    # no architecture makes one of entries
    "folds_blocks": lambda self: False,
    # a part of a huge page is kept or copied as on the other kernels
    "reuses_part": lambda self, mapped, ref, own: not (own and mapped > 1 and mapped == ref),
    # a third process that maps a huge page is told apart as well
    "thp_knows_owner": lambda self, owners: True,
    # the other way round about the dirty bit of a split leaf
    "thp_split_pte": lambda self, flags, vma: (
        prot_bits(vma) & ~P_YOUNG
        | flags & (P_WRITE | P_YOUNG | (0 if self.sem.release.split_keeps_dirty else P_DIRTY))
    ),
    # the dirty bit of a split leaf is lost
    "thp_split_dirties": lambda self: 0,
    # nr 0 walks on in a leaf as it does in a page table
    "leaf_takes_zero": lambda self: True,
    # a huge page is freed, whoever maps it as well
    "free_spares_leaf": lambda self, mapped: False,
    # a huge page is split, whoever holds it
    "thp_splits_page": lambda self, ref, mapped: True,
    # entries come back old and clean, as on a kernel without swap
    "thp_remapped_pte": lambda self, flags: flags & ~(P_YOUNG | P_DIRTY),
    # a huge page is split without looking what its pages hold
    "thp_split_zeroes": lambda self, empty, locked: not self.sem.release.split_maps_zero and empty,
    # the other way round about huge pages that are advised of as small ones
    "advice_goes_on": lambda self: not self.sem.release.advice_goes_on,
    # nobody else's is what a page's own mappings say, or the first page's
    "advice_splits": lambda self, alone, first, entire, total: True,
    # MADV_FREE asks the page at hand how often it is mapped
    "free_asks_page": lambda self: True,
    # MADV_FREE splits a huge page, whoever maps its first page
    "free_splits": lambda self, mapped: True,
    # leaves of hugetlb are marked where they are not, and the other way round
    "leaf_touched": lambda self, hugetlb: not hugetlb or not self.sem.release.huge_heeds_vma,
    # the other architecture's way with the young bit
    "thp_followed_pte": lambda self, flags, write: (
        flags if self.sem.software_young else flags | P_YOUNG
    ),
}
