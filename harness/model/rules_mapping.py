"""Rules of what a process does to its mappings: populate, lock, move, advise, grow."""

from __future__ import annotations

from ..abi import HUGE_PAGES, Foll, Madv
from .registry import (
    V_ACCESS,
    V_DONTEXPAND,
    V_GROWSDOWN,
    V_IO,
    V_LOCKED,
    V_MAYWRITE,
    V_MIXEDMAP,
    V_PFNMAP,
    V_SHARED,
    V_UFFD,
    V_WRITE,
    RuleBase,
    rule,
)
from .state import G_DIRTY, G_SWAPBACKED, G_SWAPCACHE, P_DIRTY, P_YOUNG, Vma

EPERM, EACCES, EBUSY, EINVAL, ENOMEM, EAGAIN = 1, 13, 16, 22, 12, 11
MS_ASYNC, MS_INVALIDATE, MS_SYNC = 1, 2, 4
_REMAP = "6.1 mm/mremap.c"
_FREE = "6.1 mm/madvise.c madvise_free_pte_range"


class MappingRules(RuleBase):
    """What a kernel decides about mappings as wholes."""

    # ---- populating ----------------------------------------------------------

    @rule("populate.write", "6.1 mm/gup.c populate_vma_page_range")
    def populate_writes(self, vma: Vma) -> bool:
        """Populating writes to private writable memory, breaking COW, and reads the rest."""
        return vma.flags & (V_WRITE | V_SHARED) == V_WRITE

    @rule("populate.force", "6.1 mm/gup.c populate_vma_page_range")
    def populate_forces(self, vma: Vma) -> bool:
        """Populating reaches whatever has any access at all, but not PROT_NONE."""
        return bool(vma.flags & V_ACCESS)

    @rule("populate.error", "6.1 mm/gup.c __mm_populate, mm/mlock.c __mlock_posix_error_return")
    def populate_error(self, locking: bool, error: int) -> int:
        """A page that cannot be had is -ENOMEM to mlock, and nothing to mmap and mremap.

        A fault that was short of memory is -EAGAIN.
        """
        if not locking:
            return 0
        return -EAGAIN if error == -ENOMEM else -ENOMEM

    @rule("populate.skips", "6.1 mm/gup.c __mm_populate (VM_IO, VM_PFNMAP)")
    def populate_skips(self, vma: Vma) -> bool:
        """Populating passes by what is VM_IO or VM_PFNMAP."""
        return bool(vma.flags & (V_IO | V_PFNMAP))

    @rule("madvise.populate_denied", "6.1 mm/gup.c faultin_vma_page_range")
    def populate_denied(self) -> int:
        """MADV_POPULATE_READ or _WRITE of what the mapping does not allow is -EINVAL."""
        return -EINVAL

    @rule("madvise.populate_failed", "6.1 mm/madvise.c madvise_populate")
    def populate_failed(self, error: int) -> int:
        """MADV_POPULATE_READ or _WRITE gives a fault's error: -EFAULT beyond a file's end."""
        return error

    @rule("madvise.populate_poison", "6.1 mm/gup.c faultin_vma_page_range (FOLL_HWPOISON)")
    def populate_tells_poison(self) -> int:
        """They tell a poisoned page from others, as get_user_pages does with HWPOISON."""
        return int(Foll.HWPOISON)

    # ---- mlock ---------------------------------------------------------------

    @rule("mlock.hole", "6.1 mm/mlock.c apply_vma_lock_flags")
    def lock_goes_on(self) -> bool:
        """mlock goes on behind a hole: it does not, -ENOMEM, what came before stays locked."""
        return False

    @rule("mlock.aligned", "6.1 mm/mlock.c do_mlock")
    def lock_pages(self, offset: int, size: int) -> tuple[int, int]:
        """mlock takes every page that the bytes lie in (first and end, from the start's page)."""
        return 0, (offset + size + 4095) >> 12

    @rule("mlock.mprotect", "6.1 mm/mprotect.c mprotect_fixup")
    def protect_populates(self, old: int, new: int) -> bool:
        """Locked private memory that becomes writable is populated for writing at once."""
        return old & (V_WRITE | V_SHARED | V_LOCKED) == V_LOCKED and bool(new & V_WRITE)

    @rule("mlock.fork", "6.1 kernel/fork.c dup_mmap")
    def fork_vma_flags(self, flags: int) -> int:
        """A child's memory is not locked."""
        return flags & ~V_LOCKED

    @rule("mlock.discard", "6.1 mm/madvise.c madvise_dontneed_free_valid_vma")
    def may_discard(self, vma: Vma, locked_too: bool) -> bool:
        """Locked memory is discarded by DONTNEED_LOCKED alone, raw frames by nothing: -EINVAL."""
        return not vma.flags & (V_PFNMAP if locked_too else V_LOCKED | V_PFNMAP)

    # ---- msync ---------------------------------------------------------------

    @rule("msync.flags", "6.1 mm/msync.c msync")
    def sync_flags_bad(self, flags: int) -> bool:
        """ASYNC and SYNC together are -EINVAL."""
        return flags & (MS_ASYNC | MS_SYNC) == MS_ASYNC | MS_SYNC

    @rule("msync.locked", "6.1 mm/msync.c msync")
    def sync_busy(self, flags: int, vma: Vma) -> bool:
        """INVALIDATE of locked memory is -EBUSY."""
        return bool(flags & MS_INVALIDATE and vma.flags & V_LOCKED)

    @rule("msync.writes", "6.1 mm/msync.c msync (vfs_fsync_range)")
    def sync_writes(self, flags: int, vma: Vma) -> bool:
        """SYNC writes back what shared mappings in the range show, and nothing else does."""
        return bool(flags & MS_SYNC and vma.flags & V_SHARED)

    @rule("msync.hole", "6.1 mm/msync.c msync")
    def sync_goes_on(self, flags: int) -> bool:
        """msync goes on behind a hole and then says -ENOMEM, with nothing but ASYNC at once."""
        return flags != MS_ASYNC

    # ---- madvise -------------------------------------------------------------

    @rule("madvise.known", "6.1 mm/madvise.c madvise_behavior_valid")
    def advice_error(self, advice: int) -> int:
        """An advice that the kernel does not have is -EINVAL, before anything is looked at."""
        release = self.sem.release
        lacks = set() if release.guards else {int(Madv.GUARD_INSTALL)}
        if not release.populates:
            lacks |= {int(Madv.POPULATE_READ), int(Madv.POPULATE_WRITE)}
        if not release.dontneed_locked:
            lacks |= {int(Madv.DONTNEED_LOCKED)}
        return -EINVAL if advice in lacks else 0

    @rule("madvise.free", "6.1 mm/madvise.c madvise_free_single_vma")
    def may_free(self, vma: Vma) -> bool:
        """MADV_FREE is for private anonymous memory alone, else -EINVAL."""
        return vma.file < 0

    @rule("madvise.free_shared", _FREE)
    def free_spares(self, page_flags: int, mapped: int) -> bool:
        """MADV_FREE leaves a dirty or swap-cached page alone that others map as well."""
        return bool(page_flags & (G_DIRTY | G_SWAPCACHE)) and mapped != 1

    @rule("madvise.free_pte", _FREE)
    def freed_pte(self, flags: int) -> int:
        """MADV_FREE leaves the PTE there, clean and old, as writable as it was."""
        return flags & ~(P_DIRTY | P_YOUNG)

    @rule("madvise.free_page", f"{_FREE}, mm/swap.c lru_lazyfree_fn")
    def freed_flags(self, flags: int, locked: bool) -> int:
        """The page is clean then, and not backed by swap any more unless someone locked it."""
        return flags & ~(G_DIRTY if locked else G_DIRTY | G_SWAPBACKED)

    @rule("madvise.remove", "6.1 mm/madvise.c madvise_remove")
    def remove_error(self, vma: Vma) -> int:
        """MADV_REMOVE wants a file (-EINVAL), unlocked (-EINVAL), shared for writing (-EACCES)."""
        if vma.flags & V_LOCKED or vma.file < 0:
            return -EINVAL
        wanted = V_SHARED | V_MAYWRITE
        return 0 if vma.flags & wanted == wanted else -EACCES

    # ---- mremap --------------------------------------------------------------

    @rule("mremap.fits", f"{_REMAP} vma_to_resize")
    def remap_fits(self, vma: Vma, end: int) -> bool:
        """What is grown or moved lies in one mapping, else -EFAULT."""
        return end <= vma.end

    @rule("mremap.special", "7.3 mm/vma.c vma_merge_new_range (VM_SPECIAL)")
    def remap_keeps_special(self, vma: Vma) -> bool:
        """A driver's mapping that is VM_IO or VM_MIXEDMAP grows in place on some kernels only.

        On others that is -ENOMEM.
        """
        return self.sem.release.remap_keeps_special and bool(vma.flags & (V_IO | V_MIXEDMAP))

    @rule("mremap.looks_first", "7.3 mm/mremap.c check_prep_vma")
    def remap_looks_first(self) -> bool:
        """What cannot be moved leaves the new place as it was, on some kernels."""
        return self.sem.release.remap_looks_first

    @rule("mremap.many", "7.3 mm/mremap.c remap_move")
    def remap_moves_many(self) -> bool:
        """Several mappings are moved at once, on some kernels; else it is -EFAULT."""
        return self.sem.release.remap_moves_many

    @rule("mremap.among_others", "7.3 mm/mremap.c vma_multi_allowed")
    def remap_among_others(self, vma: Vma) -> bool:
        """But not those that a userfaultfd looks after: -EFAULT, behind what was moved before."""
        return not vma.flags & V_UFFD

    @rule("mremap.grows", f"{_REMAP} vma_to_resize (VM_DONTEXPAND, VM_PFNMAP)")
    def remap_grows(self, vma: Vma) -> bool:
        """A mapping that must not expand, or is PFNMAP, never grows: -EFAULT."""
        return not vma.flags & (V_DONTEXPAND | V_PFNMAP)

    @rule("mremap.huge", "6.1 mm/mremap.c mremap (is_vm_hugetlb_page)")
    def remap_huge(self, start: int, to: int, grows: bool) -> bool:
        """Huge pages of hugetlb are moved and cut off whole, and never grow, else -EINVAL."""
        return not start % HUGE_PAGES and not to % HUGE_PAGES and not grows

    @rule("mremap.knows_huge", f"{_REMAP} vma_to_resize (is_vm_hugetlb_page)")
    def remaps_huge(self) -> bool:
        """mremap moves huge pages of hugetlb: on some kernels that is -EINVAL, last of all."""
        return self.sem.release.huge_remap

    @rule("mremap.finds_first", "6.1 mm/mremap.c mremap (vma_lookup)")
    def remap_finds_first(self) -> bool:
        """Where nothing is mapped mremap ends at once, -EFAULT: on some kernels not that early."""
        return self.sem.release.huge_remap

    @rule("mremap.split", "6.1 mm/mremap.c move_page_tables (split_huge_pmd)")
    def moves_leaf(self, whole: bool, shift: int) -> bool:
        """A huge page that is moved whole, to where one can be, stays one; any other is split."""
        return whole and not shift % HUGE_PAGES

    @rule("mremap.expand", f"{_REMAP} vma_expandable")
    def remap_expands(self, at_end: bool, free: bool) -> bool:
        """Growing in place starts at the mapping's end and needs what follows unmapped."""
        return at_end and free

    @rule("mremap.overlap", f"{_REMAP} mremap_to")
    def remap_overlaps(self, start: int, end: int, to: int, to_end: int) -> bool:
        """The new place must not touch the old one, else -EINVAL."""
        return end > to and to_end > start

    @rule("mremap.pte", f"{_REMAP} move_ptes")
    def moved_pte(self, flags: int) -> int:
        """Moving takes each PTE along as it is."""
        return flags

    @rule("mremap.offset", "6.1 mm/mmap.c copy_vma")
    def moved_pgoff(self, vma: Vma, there: int, same: int) -> int:
        """Memory without an anonymous page takes its new place's offset, all else keeps its own."""
        return there if vma.file < 0 and not vma.anon_vma else same

    # ---- stacks --------------------------------------------------------------

    @rule("stack.grows", "6.1 mm/memory.c lock_mm_and_find_vma, mm/mmap.c expand_downwards")
    def stack_grows(self, vma: Vma) -> bool:
        """An access in the hole below a GROWSDOWN mapping makes it begin there."""
        return bool(vma.flags & V_GROWSDOWN)

    @rule("stack.mmap", "6.1 mm/mmap.c do_mmap")
    def may_be_stack(self, shared: bool, file: bool) -> bool:
        """GROWSDOWN is for private anonymous memory alone, else -EINVAL."""
        return not shared and not file

    @rule("stack.gap", "6.1 mm/mmap.c expand_downwards (stack_guard_gap)")
    def stack_has_gap(self, below: Vma, distance: int) -> bool:
        """So many pages stay free above the next mapping, unless no one can touch it."""
        apart = not below.flags & V_GROWSDOWN and bool(below.flags & V_ACCESS)
        return not apart or distance >= self.sem.stack_gap

    @rule("stack.limit", "6.1 mm/mmap.c acct_stack_growth (RLIMIT_STACK)")
    def stack_fits(self, pages: int) -> bool:
        """No stack grows beyond RLIMIT_STACK."""
        return pages <= self.sem.stack_limit

    @rule("stack.gup", "6.1 mm/gup.c __get_user_pages (vma_lookup)")
    def gup_grows_stack(self) -> bool:
        """get_user_pages grows a stack: not any more."""
        return self.sem.release.gup_grows_stack
