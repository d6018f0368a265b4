"""Wrong variants of the rules of mappings, of files without one, and of kill."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.abi import Madv
from harness.model.registry import V_SHARED
from harness.model.state import G_DIRTY, G_UPTODATE, P_DIRTY, P_WRITE, P_YOUNG

EINVAL, EFAULT, ENOMEM = 22, 14, 12

# method of Rules -> what it wrongly says; the comment is the mistake in words
VARIANTS: dict[str, Callable[..., Any]] = {
    # an entry that can be written is as dirty as its page, as on 7.x
    "read_dirties_pte": lambda self, flags, page_flags: (
        flags | P_DIRTY if flags & P_WRITE and page_flags & G_DIRTY else flags
    ),
    # populating only ever reads
    "populate_writes": lambda self, vma: False,
    # populating obeys access rights
    "populate_forces": lambda self, vma: False,
    # mlock ignores what cannot be had, as mmap does
    "populate_error": lambda self, locking, error: 0,
    # a lack of rights is a fault
    "populate_denied": lambda self: -EFAULT,
    # the end of the file is a lack of memory
    "populate_failed": lambda self, error: -ENOMEM,
    # a poisoned page is a fault like any other
    "populate_tells_poison": lambda self: 0,
    # mlock goes on behind a hole
    "lock_goes_on": lambda self: True,
    # the length counts from the page's beginning
    "lock_pages": lambda self, offset, size: (0, (size + 4095) >> 12),
    # locked memory waits for the write like any other
    "protect_populates": lambda self, old, new: False,
    # the child's memory is locked too
    "fork_vma_flags": lambda self, flags: flags,
    # locking keeps nothing from being discarded
    "may_discard": lambda self, vma, locked_too: True,
    # ASYNC and SYNC go together
    "sync_flags_bad": lambda self, flags: False,
    # INVALIDATE asks for no lock
    "sync_busy": lambda self, flags, vma: False,
    # private mappings are written back as well
    "sync_writes": lambda self, flags, vma: bool(flags & 4),
    # msync stops at a hole
    "sync_goes_on": lambda self, flags: False,
    # file pages are freed as well
    "advice_error": lambda self, advice: -ENOMEM if advice == Madv.GUARD_INSTALL else 0,
    "may_free": lambda self, vma: True,
    # the other way round about what mprotect does at once to leaves, and to what is committed
    "upgrades_leaf": lambda self, hugetlb: not self.sem.release.upgrades_leaf,
    "protect_unaccounts": lambda self: not self.sem.release.protect_unaccounts,
    # a dirty page that is shared is freed as well
    "free_spares": lambda self, page_flags, mapped: False,
    # the PTE stays young
    "freed_pte": lambda self, flags: flags & ~P_DIRTY,
    # the page stays backed by swap
    "freed_flags": lambda self, flags, locked: flags & ~G_DIRTY,
    # read-only mappings may punch
    "remove_error": lambda self, vma: 0 if vma.file >= 0 and vma.flags & V_SHARED else -EINVAL,
    # huge pages are not moved at all
    "remaps_huge": lambda self: False,
    # what is moved is looked for behind the new place
    "remap_finds_first": lambda self: False,
    # huge pages are moved anywhere
    "remap_huge": lambda self, start, to, grows: True,
    # a huge page stays one wherever it goes
    "moves_leaf": lambda self, whole, shift: True,
    # a driver's mapping grows where it does not, and the other way round
    "remap_keeps_special": lambda self, vma: not self.sem.release.remap_keeps_special,
    # the new place is lost where it is not, and the other way round
    "remap_looks_first": lambda self: not self.sem.release.remap_looks_first,
    # several mappings are moved where they are not, and the other way round
    "remap_moves_many": lambda self: not self.sem.release.remap_moves_many,
    # whatever they are
    "remap_among_others": lambda self, vma: True,
    # what is moved may span mappings
    "remap_fits": lambda self, vma, end: True,
    # a mapping grows in place from anywhere
    "remap_expands": lambda self, at_end, free: free,
    # the places may overlap
    "remap_overlaps": lambda self, start, end, to, to_end: False,
    # moving leaves the PTEs old
    "moved_pte": lambda self, flags: flags & ~P_YOUNG,
    # every moved mapping keeps its offset
    "moved_pgoff": lambda self, vma, there, same: same,
    # nothing grows
    "stack_grows": lambda self, vma: False,
    # files may be stacks
    "may_be_stack": lambda self, shared, file: not shared,
    # there is no gap
    "stack_has_gap": lambda self, below, distance: True,
    # there is no limit
    "stack_fits": lambda self, pages: True,
    # get_user_pages grows stacks, as 5.10 does
    "gup_grows_stack": lambda self: True,
    # a hole needs no KEEP_SIZE
    "fallocate_error": lambda self, mode, size: -EINVAL if size <= 0 else 0,
    # every file system allocates and punches
    "fallocate_denied": lambda self, writable, on_disk: 0,
    # allocating never moves the end
    "allocated_size": lambda self, mode, size, end: size,
    # allocated pages are cleared
    "allocated_flags": lambda self, flags: flags | G_DIRTY,
    # allocating again leaves clean pages clean
    "reallocated_flags": lambda self, flags: flags | G_UPTODATE,
    # a fault leaves an allocated page as it is
    "filled_flags": lambda self, flags: flags,
    # a hole is rounded outwards
    "punched": lambda self, start, end: (start >> 12, (end + 4095) >> 12),
    # a hole that takes no page unmaps none
    "punch_unmaps": lambda self, first, last: last,
    # private copies go with the hole
    "punch_spares_copies": lambda self: False,
    # reading goes on to the end of the page
    "readable": lambda self, size, offset, wanted: max(0, min(wanted, (size | 4095) + 1 - offset)),
    # reading a hole fills it
    "read_fills": lambda self: True,
    # a page is dirty only when it was not up to date
    "pwritten_flags": lambda self, flags: flags | G_UPTODATE,
    # the descriptor is not looked at
    "pwrite_error": lambda self, writable: 0,
    # pages that were written to have no buffers
    "pwrite_buffers": lambda self: 0,
    # writing beyond the end leaves the size
    "written_size": lambda self, size, end: size,
    # a dead process can be killed again
    "kill_error": lambda self, alive: 0,
}
