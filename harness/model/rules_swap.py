"""Rules of swap, and of the reclaim that a process asks for."""

from __future__ import annotations

from .registry import V_HUGETLB, V_LOCKED, V_PFNMAP, V_WRITE, RuleBase, rule
from .rules_memory import PIN_BIAS, prot_bits
from .state import (
    G_DIRTY,
    G_EXCLUSIVE,
    P_DIRTY,
    P_EXCLUSIVE,
    P_SWAP,
    P_UFFD_WP,
    P_WRITE,
    P_YOUNG,
    Vma,
)

EBUSY, EINVAL, ENOSYS = 16, 22, 38
_UNWANTED = V_LOCKED | V_HUGETLB | V_PFNMAP
_ADVICE = "6.1 mm/madvise.c madvise_cold_or_pageout_pte_range"
_RECLAIM = "6.1 mm/vmscan.c shrink_folio_list"
_FAULT = "6.1 mm/memory.c do_swap_page"


class SwapRules(RuleBase):
    """What a kernel decides about pages that are to go, and how they come back."""

    # ---- the area ------------------------------------------------------------

    @rule("swap.on", "6.1 mm/swapfile.c claim_swapfile")
    def swapon_error(self, swapping: bool) -> int:
        """An area that is in use cannot be turned on: -EBUSY; a kernel may know none: -ENOSYS."""
        if not self.sem.swap:
            return -ENOSYS
        return -EBUSY if swapping else 0

    @rule("swap.off", "6.1 mm/swapfile.c swapoff")
    def swapoff_error(self, swapping: bool) -> int:
        """An area that is not in use cannot be turned off: -EINVAL, or -ENOSYS."""
        if not self.sem.swap:
            return -ENOSYS
        return 0 if swapping else -EINVAL

    @rule("swap.off_pte", "6.1 mm/swapfile.c unuse_pte")
    def unswapped_pte(self, vma: Vma) -> int:
        """What swapoff brings back is mapped read-only, clean and old."""
        return prot_bits(vma) & ~P_YOUNG

    @rule("swap.off_protected", "6.1 mm/swapfile.c unuse_pte (pte_swp_uffd_wp)")
    def unswapped_protected(self) -> bool:
        """What was protected by a userfaultfd in swap is protected still, but on some kernels."""
        return self.sem.release.swapoff_keeps_marks

    # ---- MADV_PAGEOUT, MADV_COLD ---------------------------------------------

    @rule("reclaim.kinds", "6.1 mm/madvise.c can_madv_lru_vma")
    def may_reclaim(self, vma: Vma) -> bool:
        """Locked memory, hugetlb's and frames are neither paged out nor cold: -EINVAL."""
        return not vma.flags & _UNWANTED

    @rule("reclaim.shared", _ADVICE)
    def reclaim_takes(self, mapped: int) -> bool:
        """A page that is mapped more than once is left alone."""
        return mapped == 1

    @rule("reclaim.old", _ADVICE)
    def aged_pte(self, flags: int, pages_out: bool) -> int:
        """Every page that is looked at is old, whatever becomes of it; PAGEOUT may leave it."""
        if pages_out and not self.sem.release.pageout_ages:
            return flags
        return flags & ~P_YOUNG

    @rule("reclaim.pinned", f"{_RECLAIM} (folio_maybe_dma_pinned)")
    def reclaim_spares_pinned(self, ref: int) -> bool:
        """An anonymous page that looks pinned stays mapped."""
        # MADV_PAGEOUT holds a reference of its own
        return ref + 1 >= PIN_BIAS

    @rule("reclaim.area", f"{_RECLAIM} (add_to_swap)")
    def reclaim_swaps(self, swapping: bool) -> bool:
        """Without a swap area an anonymous page stays mapped."""
        return swapping

    @rule("reclaim.dirty", "6.1 mm/swap_state.c add_to_swap")
    def swap_added_flags(self, flags: int) -> int:
        """A page that gets a slot is dirty."""
        return flags | G_DIRTY

    @rule("reclaim.entry", "6.1 mm/rmap.c try_to_unmap_one")
    def swap_entry(self, pte: int, page_flags: int) -> int:
        """A swap entry remembers that its page was exclusive, and protected."""
        says = self.sem.release.exclusive and page_flags & G_EXCLUSIVE
        exclusive = P_EXCLUSIVE if says else 0
        return P_SWAP | exclusive | pte & P_UFFD_WP

    @rule("reclaim.shares", "6.1 include/linux/rmap.h page_try_share_anon_rmap")
    def swapped_flags(self, flags: int) -> int:
        """A page that is swapped is not exclusive any more."""
        return flags & ~G_EXCLUSIVE

    @rule("reclaim.held", "6.1 mm/vmscan.c is_page_cache_freeable, __remove_mapping")
    def reclaim_frees(self, ref: int) -> bool:
        """A page that somebody holds is unmapped, and stays: neither written nor freed."""
        return ref == 1

    @rule("reclaim.file_dirty", f"{_RECLAIM} (folio_is_file_lru)")
    def reclaim_writes(self, on_disk: bool) -> bool:
        """A dirty page of a file on a disk is not written: it is unmapped, and stays."""
        return not on_disk

    @rule("reclaim.free", "6.1 mm/rmap.c try_to_unmap_one (MADV_FREE)")
    def reclaim_discards(self, ref: int, dirty: bool) -> bool:
        """A freed page is discarded unless it was written to again, or is held."""
        return ref == 1 and not dirty

    @rule("reclaim.freed_held", "7.3 mm/rmap.c ttu_anon_lazyfree_folio")
    def reclaim_unfrees(self, dirty: bool) -> bool:
        """One that stays is as any other again, on some kernels only if it was written to."""
        return dirty or not self.sem.release.freed_stays

    # ---- coming back -----------------------------------------------------------

    @rule("swap.exclusive", f"{_FAULT} (pte_swp_exclusive)")
    def swap_exclusive(self, flags: int) -> bool:
        """What was exclusive is exclusive again."""
        return bool(flags & P_EXCLUSIVE)

    @rule("swap.alone", f"{_FAULT} (folio_ref_count)")
    def swap_unshared(self, ref: int, batched: bool, last: bool) -> bool:
        """So is a page that nobody else refers to, neither the swap cache nor an LRU batch.

        On some kernels one that nobody else maps, or has an entry of; on others the swap cache is
        always asked too early.
        """
        release = self.sem.release
        if release.swap_counts_maps:
            return last
        return ref == 1 and not batched and not release.swap_maps_first

    @rule("swap.uncache", "6.1 mm/memory.c should_try_to_free_swap")
    def swap_leaves_cache(
        self, vma_flags: int, write: bool, ref: int, last: bool, exclusive: bool
    ) -> bool:
        """A page leaves the swap cache for locked memory, or for a write if nobody else has it."""
        release = self.sem.release
        alone = exclusive if release.swap_maps_first else ref == 2
        if release.swap_counts_maps:
            alone = last
        return bool(vma_flags & V_LOCKED) or (write and alone)

    @rule("swap.in_pte", _FAULT)
    def swapped_pte(self, vma: Vma, write: bool, alone: bool) -> int:
        """A page read from swap is mapped clean and read-only, for a write dirty and writable.

        Writable for a read as well on some kernels, where it is this process's alone.
        """
        wanted = P_WRITE if vma.flags & V_WRITE else 0
        if alone and write:
            return prot_bits(vma) | P_DIRTY | wanted
        return prot_bits(vma) | (wanted if alone and self.sem.release.swaps_in_writable else 0)

    @rule("swap.in_alone", f"{_FAULT} (exclusive)")
    def swapped_alone(self, vma: Vma, exclusive: bool, protected: bool) -> bool:
        """A write is done with where the page is exclusive; on some kernels if all may write."""
        if not self.sem.release.swaps_in_writable:
            return exclusive
        return exclusive and bool(vma.flags & V_WRITE) and not protected

    @rule("swap.in_protected", f"{_FAULT} (pte_swp_uffd_wp)")
    def swap_kept_pte(self, pte: int, entry: int) -> int:
        """What was protected when it was swapped is protected."""
        return pte & ~P_WRITE | P_UFFD_WP if entry & P_UFFD_WP else pte

    # ---- slots ---------------------------------------------------------------

    @rule("swap.frees", "6.1 mm/swapfile.c folio_free_swap")
    def swap_frees(self, entries: int) -> bool:
        """A page leaves the swap cache only when no entry refers to its slot."""
        return entries == 0

    @rule("swap.freed_dirty", "6.1 mm/swapfile.c folio_free_swap (folio_set_dirty)")
    def swap_freed_flags(self, flags: int) -> int:
        """A page that loses its slot is dirty."""
        return flags | G_DIRTY

    @rule("swap.unmapped", "6.1 mm/swap_state.c free_swap_cache")
    def swap_forgets_unmapped(self) -> bool:
        """With its last mapping a page leaves the swap cache, unless entries are left."""
        return True

    @rule("swap.copied", "6.1 mm/memory.c wp_page_copy (free_swap_cache)")
    def swap_forgets_copied(self) -> bool:
        """So it does where that mapping became a copy's, on most kernels."""
        return self.sem.release.cow_frees_swap

    @rule("swap.cow", "6.1 mm/memory.c do_wp_page (folio_test_swapcache)")
    def swap_cache_alone(self, ref: int) -> bool:
        """The swap cache's reference alone does not make a write copy, but where it is counted."""
        return self.sem.release.exclusive and ref <= 2

    @rule("swap.fork", "6.1 mm/memory.c copy_nonpresent_pte")
    def fork_shared_entry(self, flags: int) -> int:
        """fork shares swap entries: neither process's is exclusive any more."""
        return flags & ~P_EXCLUSIVE

    @rule("swap.zap", "6.1 mm/memory.c zap_pte_range (MM_SWAPENTS)")
    def swap_zap_counts(self) -> int:
        """Zapping takes a swap entry off the counter of swap."""
        return 1

    @rule("swap.spared", "6.1 mm/memory.c should_zap_cows")
    def swap_zap_spares(self, spare_copies: bool) -> bool:
        """With even_cows 0 swapped copies stay as mapped ones do."""
        return spare_copies

    @rule("swap.freed", "6.1 mm/madvise.c madvise_free_pte_range (non_swap_entry)")
    def free_drops_entries(self) -> bool:
        """MADV_FREE gives swapped pages up at once."""
        return True

    @rule("swap.file", "6.1 mm/shmem.c shmem_swapin_folio")
    def swap_file_flags(self, flags: int) -> int:
        """A page that a file has back from swap is dirty, and has no slot."""
        return flags | G_DIRTY
