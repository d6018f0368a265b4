"""Rules of memory itself: accesses, faults, copy-on-write, fork, mprotect, unmapping."""

from __future__ import annotations

from typing import NamedTuple

from ..abi import PAGE_SIZE
from .registry import (
    V_ACCESS,
    V_MAYBE_GUARD,
    V_MIXEDMAP,
    V_PFNMAP,
    V_READ,
    V_SHARED,
    V_WRITE,
    RuleBase,
    rule,
)
from .state import (
    G_ANON,
    G_DIRTY,
    G_EXCLUSIVE,
    G_MAPPING,
    P_DIRTY,
    P_NONE_PROT,
    P_PRESENT,
    P_SPECIAL,
    P_WRITE,
    P_YOUNG,
    P_ZERO,
    Vma,
)

MAPPED = P_PRESENT | P_YOUNG
_MAY_SHIFT = 4  # VM_MAYREAD is VM_READ << 4, and so on
EINVAL = 22
PIN_BIAS = 1024  # GUP_PIN_COUNTING_BIAS: references that a pin of one page takes
_USER_FAULT = "6.1 arch/x86/mm/fault.c access_error, arch/arm64/mm/fault.c do_page_fault"


class Reuse(NamedTuple):
    """May a write keep this anonymous page? sure: the kernel has no choice."""

    reuse: bool
    sure: bool


def prot_bits(vma: Vma) -> int:
    """PTE bits that vma->vm_page_prot gives a new entry: present, or not for the user; type."""
    if not vma.flags & V_ACCESS:
        return MAPPED | P_NONE_PROT | vma.memory
    return MAPPED | vma.memory


class MemoryRules(RuleBase):
    """What a kernel decides about memory, whoever asked."""

    # ---- user accesses -------------------------------------------------------

    @rule("access.load", _USER_FAULT)
    def may_load(self, vma: Vma) -> bool:
        """A load needs any access at all: write and exec-only pages can be read."""
        readable = V_ACCESS if self.sem.exec_only_readable else V_READ | V_WRITE
        return bool(vma.flags & readable)

    @rule("access.store", _USER_FAULT)
    def may_store(self, vma: Vma) -> bool:
        """A store needs VM_WRITE."""
        return bool(vma.flags & V_WRITE)

    @rule("access.entry", "6.1 arch/{x86,arm64}/mm/fault.c (not reached: no fault)")
    def processor_stores(self, flags: int) -> bool:
        """What an entry allows is done without a fault, whatever its mapping says."""
        return bool(flags & P_WRITE) and not flags & P_NONE_PROT

    @rule("access.young", "6.1 mm/memory.c handle_pte_fault; hardware accessed bit")
    def loaded_pte(self, flags: int) -> int:
        """A load leaves the PTE young, by hardware or by a fault."""
        return flags | P_YOUNG

    @rule("access.dirty", "6.1 mm/memory.c handle_pte_fault; hardware dirty bit")
    def stored_pte(self, flags: int) -> int:
        """A store through a writable PTE leaves it young and dirty, the page's flags alone."""
        return flags | P_YOUNG | P_DIRTY

    # ---- faults on empty entries ---------------------------------------------

    @rule("fault.anon_read", "6.1 mm/memory.c do_anonymous_page")
    def anon_read_pte(self, vma: Vma) -> int:
        """Reading untouched anonymous memory maps the zero page, special, never writable."""
        return prot_bits(vma) | P_SPECIAL | P_ZERO

    @rule("fault.anon_read_counts", "6.1 mm/memory.c do_anonymous_page")
    def anon_read_counts(self) -> bool:
        """The zero page counts in RSS: it does not."""
        return False

    @rule("fault.anon_write", "6.1 mm/memory.c do_anonymous_page")
    def anon_write_pte(self, vma: Vma) -> int:
        """A new anonymous page's PTE is writable and dirty exactly if the VMA is writable."""
        wanted = P_WRITE | P_DIRTY if vma.flags & V_WRITE else 0
        return prot_bits(vma) | wanted

    @rule("fault.eof", "6.1 mm/shmem.c shmem_get_folio_gfp, shmem_fault")
    def beyond_eof(self, index: int, size: int) -> bool:
        """A page of a file that begins at or beyond its size cannot be faulted in."""
        return index << 12 >= size

    @rule("fault.file_read", "6.1 mm/memory.c do_read_fault, do_set_pte")
    def file_read_pte(self, vma: Vma) -> int:
        """A read fault maps the cache page clean; writable only if shared and writable."""
        shared_write = vma.flags & (V_SHARED | V_WRITE) == V_SHARED | V_WRITE
        return prot_bits(vma) | (P_WRITE if shared_write else 0)

    @rule("fault.file_read_dirty", "6.1 mm/memory.c do_set_pte")
    def read_dirties_pte(self, flags: int, page_flags: int) -> int:
        """What a read fault maps writable is dirty if its page is, on some kernels."""
        if self.sem.release.dirties_reads and flags & P_WRITE and page_flags & G_DIRTY:
            return flags | P_DIRTY
        return flags

    @rule("fault.file_cow", "6.1 mm/memory.c do_cow_fault, do_set_pte")
    def file_cow_pte(self, vma: Vma) -> int:
        """A write fault of a private file mapping: dirty copy, writable if the VMA is."""
        return prot_bits(vma) | P_DIRTY | (P_WRITE if vma.flags & V_WRITE else 0)

    @rule("fault.file_shared", "6.1 mm/memory.c do_shared_fault, fault_dirty_shared_page")
    def file_shared_pte(self, vma: Vma) -> tuple[int, int]:
        """A write fault of a shared file mapping: writable, dirty, and PG_dirty at once."""
        return prot_bits(vma) | P_WRITE | P_DIRTY, G_DIRTY

    # ---- copy on write -------------------------------------------------------

    @rule("cow.exclusive", "6.1 mm/memory.c do_wp_page (PageAnonExclusive)")
    def reuse_exclusive(self, flags: int) -> bool:
        """An exclusive anonymous page is written in place, whoever holds references.

        Where no page says so, its references are counted.
        """
        return self.sem.release.exclusive and bool(flags & G_EXCLUSIVE)

    @rule("cow.shared", "6.1 mm/memory.c do_wp_page (folio_ref_count)")
    def reuse_shared(self, ref: int, accessed: int) -> Reuse:
        """An anonymous page that was shared is written in place only by its last reference."""
        if ref != 1:
            return Reuse(False, True)
        # A second mark_page_accessed parks the page, and a reference, in a batch; so does its
        # arrival, where a write does not empty that one.
        alone = self.sem.release.exclusive and accessed < 2
        return Reuse(True, self.sem.drained_each or alone)

    @rule("cow.becomes_exclusive", "6.1 mm/memory.c do_wp_page, mm/rmap.c page_move_anon_rmap")
    def reused_flags(self, flags: int) -> int:
        """A page reused by its last reference is exclusive from then on."""
        return flags | G_EXCLUSIVE

    @rule("cow.reuse_pte", "6.1 mm/memory.c wp_page_reuse")
    def reuse_pte(self, flags: int, vma: Vma) -> int:
        """Reuse leaves the PTE young, dirty, and writable if the VMA is."""
        return flags | P_YOUNG | P_DIRTY | (P_WRITE if vma.flags & V_WRITE else 0)

    @rule("cow.copy_pte", "6.1 mm/memory.c wp_page_copy")
    def copy_pte(self, vma: Vma) -> int:
        """A copy's PTE is young, dirty, and writable if the VMA is."""
        return prot_bits(vma) | P_DIRTY | (P_WRITE if vma.flags & V_WRITE else 0)

    @rule("cow.unshared_pte", "6.1 mm/memory.c wp_page_copy (FAULT_FLAG_UNSHARE)")
    def unshared_pte(self, vma: Vma) -> int:
        """A copy made by unsharing is mapped read-only and clean."""
        return prot_bits(vma)

    @rule("cow.copy_drops", "6.1 mm/memory.c wp_page_copy")
    def copy_drops_old(self) -> bool:
        """Breaking COW takes the mapping's reference and mapcount off the old page."""
        return True

    @rule("cow.copy_rss", "6.1 mm/memory.c wp_page_copy")
    def copy_rss(self, old_anon: bool, old_zero: bool) -> tuple[int, int]:
        """RSS after a copy (anon, the file's): the zero page adds one, a file page moves over."""
        if old_zero:
            return 1, 0
        return (0, 0) if old_anon else (1, -1)

    # ---- fork ----------------------------------------------------------------

    @rule("fork.copies", "6.1 mm/memory.c vma_needs_copy")
    def fork_copies(self, vma: Vma) -> bool:
        """fork copies page tables of VMAs that have an anon_vma, a driver's, those with guards."""
        return vma.anon_vma != 0 or bool(vma.flags & (V_PFNMAP | V_MIXEDMAP | V_MAYBE_GUARD))

    @rule("fork.write_protect", "6.1 mm/memory.c copy_present_pte")
    def fork_parent_pte(self, flags: int) -> int:
        """fork write-protects the parent's private PTEs and leaves them dirty and young."""
        return flags & ~P_WRITE

    @rule("fork.child_pte", "6.1 mm/memory.c copy_present_pte")
    def fork_child_pte(self, flags: int) -> int:
        """The child's PTE is the parent's, write-protected and old."""
        return flags & ~(P_WRITE | P_YOUNG)

    @rule("fork.shares", "6.1 include/linux/mm.h page_try_dup_anon_rmap")
    def fork_shared_flags(self, flags: int) -> int:
        """An anonymous page that fork shares is not exclusive any more."""
        return flags & ~G_EXCLUSIVE

    @rule("fork.counts", "6.1 mm/memory.c copy_present_pte")
    def fork_counts(self, special: bool) -> int:
        """fork adds one reference and one mapping to each page, none to the zero page."""
        return 0 if special else 1

    @rule("fork.pinned", "6.1 include/linux/mm.h page_needs_cow_for_dma, page_maybe_dma_pinned")
    def fork_copies_page(self, has_pinned: bool, flags: int, ref: int, pins: int | None) -> bool:
        """Once pins were made, fork copies exclusive pages that look pinned.

        That is of 1024 references or more; of large pages, which count pins
        apart, with a pin. Where no page says that it is exclusive, any is.
        """
        if not has_pinned or not flags & G_ANON:
            return False
        says = self.sem.release.exclusive
        # copy_present_pte() that asks for that holds a reference of its own meanwhile
        looks = ref + says >= PIN_BIAS if pins is None else pins > 0
        return looks and (not says or bool(flags & G_EXCLUSIVE))

    @rule("fork.copied_pte", "6.1 mm/memory.c copy_present_page")
    def fork_copied_pte(self, vma: Vma) -> int:
        """The child's copy of a pinned page is young, dirty, and writable if the VMA is."""
        return prot_bits(vma) | P_DIRTY | (P_WRITE if vma.flags & V_WRITE else 0)

    # ---- mprotect ------------------------------------------------------------

    @rule("mprotect.protect", "6.1 mm/mprotect.c change_pte_range, pte_modify")
    def protected_pte(self, flags: int, vma: Vma) -> int:
        """mprotect gives PTEs the VMA's protection; dirty and young stay."""
        flags &= ~(P_WRITE | P_NONE_PROT)
        if not vma.flags & V_ACCESS:
            flags |= P_NONE_PROT
        if vma.flags & (V_SHARED | V_WRITE) == V_SHARED | V_WRITE:
            flags |= P_WRITE
        return flags

    @rule("mprotect.may", "6.1 mm/mprotect.c do_mprotect_pkey (newflags >> 4)")
    def may_protect(self, vma: Vma, prot: int) -> bool:
        """Access that a mapping may never have (VM_MAY*) cannot be given to it."""
        return not prot & ~(vma.flags >> _MAY_SHIFT)

    @rule("mprotect.upgrade", "6.1 mm/mprotect.c can_change_pte_writable, mprotect_fixup")
    def upgraded_pte(self, flags: int, vma: Vma, page_flags: int) -> int:
        """A private PTE becomes writable at once only if its page is exclusive, and it dirty."""
        release = self.sem.release
        anon = page_flags & (G_ANON | G_EXCLUSIVE) == G_ANON | G_EXCLUSIVE
        written = bool(flags & P_DIRTY) or release.upgrades_clean
        private = bool(vma.flags & V_WRITE) and not vma.flags & V_SHARED
        if release.upgrades_private and private and written and anon:
            return flags | P_WRITE
        return flags

    @rule("mprotect.upgrade_leaf", "6.1 mm/huge_memory.c change_huge_pmd")
    def upgrades_leaf(self, hugetlb: bool) -> bool:
        """A leaf of anonymous memory becomes writable at once too, on some kernels."""
        return self.sem.release.upgrades_leaf and not hugetlb

    @rule("mprotect.unaccount", "6.1 mm/mprotect.c mprotect_fixup (VM_ACCOUNT)")
    def protect_unaccounts(self) -> bool:
        """Memory that nobody has touched counts no more when it is not writable, on some kernels.

        What counts and what does not are not merged.
        """
        return self.sem.release.protect_unaccounts

    @rule("mprotect.hole", "6.1 mm/mprotect.c do_mprotect_pkey")
    def mprotect_goes_on(self) -> bool:
        """mprotect goes on behind a hole: it does not, -ENOMEM, what came before stays changed."""
        return False

    @rule("vma.merge", "6.1 mm/mmap.c is_mergeable_vma, is_mergeable_anon_vma")
    def anon_vmas_merge(self, one: int, other: int, singular: bool) -> bool:
        """VMAs merge if their anon_vma is the same, or one has none and the other's is its own."""
        if (one == 0 or other == 0) and singular:
            return True
        return one == other

    @rule("range.aligned", "6.1 mm/mmap.c __do_munmap, mm/mprotect.c, mm/madvise.c do_madvise")
    def range_starts_badly(self, addr: int) -> bool:
        """munmap, mprotect and madvise want an address that begins a page, else -EINVAL."""
        return addr % PAGE_SIZE != 0

    # ---- unmapping -----------------------------------------------------------

    @rule("zap.counts", "6.1 mm/memory.c zap_pte_range")
    def zap_counts(self, special: bool) -> int:
        """Zapping takes one reference and one mapping off each page, none off the zero page."""
        return 0 if special else 1

    @rule("zap.rss", "6.1 mm/memory.c zap_pte_range")
    def zap_rss(self, special: bool) -> int:
        """Zapping takes each page off the counter it was counted in, the zero page off none."""
        return 0 if special else 1

    @rule("zap.dirty", "6.1 mm/memory.c zap_pte_range")
    def zap_dirties(self, pte_flags: int, page_flags: int) -> bool:
        """The dirty bit of a file page's PTE becomes PG_dirty; of anonymous pages it is lost."""
        return bool(pte_flags & P_DIRTY) and not page_flags & G_ANON

    @rule("madvise.hole", "6.1 mm/madvise.c madvise_walk_vmas")
    def madvise_goes_on(self, populates: bool) -> bool:
        """madvise goes on behind a hole and then says -ENOMEM; to populate not on some kernels."""
        return not (populates and self.sem.release.populate_stops)

    @rule("munmap.hole", "6.1 mm/mmap.c do_mas_munmap")
    def munmap_hole_is_error(self) -> bool:
        """munmap of nothing is an error: it is not."""
        return False

    @rule("munmap.empty", "6.1 mm/mmap.c do_mas_munmap (end == start)")
    def munmap_empty_error(self) -> int:
        """munmap of no bytes is -EINVAL, though there is nothing that it could not do."""
        return -EINVAL

    # ---- truncation ----------------------------------------------------------

    @rule("truncate.unmap", "6.1 mm/shmem.c shmem_setattr, mm/memory.c unmap_mapping_range")
    def truncate_from(self, size: int) -> int:
        """Shrinking unmaps from the size rounded up: the partial page stays mapped."""
        return (size + 4095) >> 12

    @rule("truncate.even_cows", "6.1 mm/shmem.c shmem_setattr (even_cows=1)")
    def truncate_spares_copies(self) -> bool:
        """Truncation spares private copies: it does not."""
        return False

    @rule("truncate.partial", "6.1 mm/shmem.c shmem_undo_range")
    def truncate_partial(self, flags: int) -> int:
        """The partial page at the new end is marked dirty and zeroed behind it."""
        return flags | G_DIRTY

    @rule("truncate.remove", "6.1 mm/truncate.c truncate_cleanup_folio")
    def removed_flags(self, flags: int) -> int:
        """A page taken out of the cache is clean and has no mapping; who holds it keeps it."""
        return flags & ~(G_DIRTY | G_MAPPING)

    @rule("file.evict", "6.1 mm/shmem.c shmem_evict_inode")
    def evicts(self, mapped: bool) -> bool:
        """Shared anonymous memory goes with its last mapping."""
        return not mapped
