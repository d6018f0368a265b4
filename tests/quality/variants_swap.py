"""Wrong variants of the rules of swap and reclaim; ``variants`` has what they are for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.model.registry import V_LOCKED, V_PFNMAP
from harness.model.rules import V_WRITE, prot_bits
from harness.model.state import P_SWAP, P_UFFD_WP, P_WRITE

# method of Rules -> what it wrongly says; the comment is the mistake in words
VARIANTS: dict[str, Callable[..., Any]] = {
    # an area can be turned on twice
    "swapon_error": lambda self, swapping: 0,
    # turning off what is off is no error
    "swapoff_error": lambda self, swapping: 0,
    # what swapoff brings back is as young as after a fault
    "unswapped_pte": lambda self, vma: prot_bits(vma),
    # hugetlb's pages can be paged out
    "may_reclaim": lambda self, vma: not vma.flags & (V_LOCKED | V_PFNMAP),
    # a page that several map goes too
    "reclaim_takes": lambda self, mapped: True,
    # a page that stays is as young as it was
    "aged_pte": lambda self, flags, pages_out: flags,
    # a pinned page is swapped as one that is held
    "reclaim_spares_pinned": lambda self, ref: False,
    # there is always somewhere to swap to
    "reclaim_swaps": lambda self, swapping: True,
    # a page with a slot is as clean as before
    "swap_added_flags": lambda self, flags: flags,
    # an entry does not know whether its page was exclusive
    "swap_entry": lambda self, pte, page_flags: P_SWAP | pte & P_UFFD_WP,
    # a page in the swap cache stays exclusive
    "swapped_flags": lambda self, flags: flags,
    # a page goes, whoever holds it
    "reclaim_frees": lambda self, ref: True,
    # a dirty page of a disk's file is written, and goes
    "reclaim_writes": lambda self, on_disk: True,
    # a page that was freed goes, even if it is held
    "reclaim_discards": lambda self, ref, dirty: not dirty,
    # one that is only held stays freed, or is as any other, as on the other kernels
    "reclaim_unfrees": lambda self, dirty: not dirty,
    # what comes back is never exclusive by itself, as before 5.19
    "swap_exclusive": lambda self, flags: False,
    # only the entry says whether a page is exclusive
    "swap_unshared": lambda self, ref, batched, last: False,
    # a page stays in the swap cache as long as it can
    "swap_leaves_cache": lambda self, vma_flags, write, ref, last, exclusive: False,
    # what is read for a write is clean until it is written, and as writable as for a read
    "swapped_pte": lambda self, vma, write, alone: (
        prot_bits(vma) | (P_WRITE if alone and vma.flags & V_WRITE else 0)
    ),
    # a write is done with whoever has the page as well
    "swapped_alone": lambda self, vma, exclusive, protected: True,
    # swap forgets protection
    "swap_kept_pte": lambda self, pte, entry: pte,
    # swapoff does
    "unswapped_protected": lambda self: False,
    # the old page of a copy keeps its slot
    "swap_forgets_copied": lambda self: False,
    # a slot goes with the first entry that does
    "swap_frees": lambda self, entries: entries <= 1,
    # a page that loses its slot is as clean as it was
    "swap_freed_flags": lambda self, flags: flags,
    # an unmapped page keeps its slot
    "swap_forgets_unmapped": lambda self: False,
    # any other reference makes a write copy, the swap cache's too
    "swap_cache_alone": lambda self, ref: ref == 1,
    # fork leaves the parent's entries exclusive
    "fork_shared_entry": lambda self, flags: flags,
    # an entry that goes stays counted
    "swap_zap_counts": lambda self: 0,
    # a hole takes what is swapped
    "swap_zap_spares": lambda self, spare_copies: False,
    # MADV_FREE leaves what is swapped
    "free_drops_entries": lambda self: False,
    # what a file has back is clean
    "swap_file_flags": lambda self, flags: flags,
}
