"""Rules of memory that is mapped by frame number: remap_pfn_range and its like."""

from __future__ import annotations

from ..abi import PAGE_SHIFT, PAGE_SIZE, Code, Type, VmaFlag
from .registry import (
    V_DONTEXPAND,
    V_IO,
    V_MIXEDMAP,
    V_PFNMAP,
    V_SHARED,
    V_WRITE,
    RuleBase,
    is_cow,
    rule,
)
from .rules_memory import prot_bits
from .state import P_DIRTY, P_NC, P_SPECIAL, P_WC, P_WRITE, P_YOUNG, Vma

EFAULT, EEXIST, EINVAL = 14, 17, 22
NOPAGE, SIGBUS = 0x100, 2  # enum vm_fault_reason
_V_DONTDUMP = int(VmaFlag.DONTDUMP)
V_PAT = int(VmaFlag.PAT)
_MEMTYPE = "6.1 arch/x86/mm/pat/memtype.c"
_U64 = (1 << 64) - 1
_REMAP = "6.1 mm/memory.c remap_pfn_range_internal"
_IOMAP = "6.1 mm/memory.c vm_iomap_memory"
_FOLLOW = "6.1 mm/memory.c follow_pfn"


class FrameRules(RuleBase):
    """What a kernel decides about frames that nobody counts, and the module before it."""

    # ---- entries -----------------------------------------------------------------

    @rule("frame.pte", "6.1 mm/memory.c remap_pte_range, insert_pfn (pte_mkspecial)")
    def frame_pte(self, vma: Vma, memory: int) -> int:
        """A frame's entry is special and clean; writable if the mapping is shared and writable."""
        wanted = V_SHARED | V_WRITE
        flags = prot_bits(vma) & ~vma.memory | memory | P_SPECIAL
        return flags | (P_WRITE if vma.flags & wanted == wanted else 0)

    @rule("frame.type", "6.1 arch/{x86,arm64} pgprot_writecombine, pgprot_noncached")
    def frame_type(self, memory: int, wanted: int) -> int:
        """A memory type that is asked for comes in place of the mapping's own.

        One that there is not is uncached, and so are two in one on x86-64.
        """
        if not wanted:
            return memory
        kind = P_NC
        if wanted == Type.WC and self.sem.write_combining:
            kind = P_WC
        elif wanted == Type.WT and self.sem.write_through:
            kind = P_WC | P_NC
        return P_NC if self.sem.keeps_type and memory not in (0, kind) else kind

    @rule("frame.mprotect", "6.1 arch/{x86,arm64}/include/asm/pgtable.h pte_modify")
    def protected_type(self, flags: int, memory: int) -> int:
        """mprotect leaves an entry its memory type on x86-64, on arm64 it gets the mapping's."""
        if self.sem.keeps_type:
            return flags & (P_WC | P_NC)
        return memory

    # ---- memory types that are kept (x86-64 with PAT) --------------------------------

    @rule("type.kept", f"{_MEMTYPE} track_pfn_remap, track_pfn_insert")
    def keeps_types(self) -> bool:
        """What frames are mapped as is what they are kept as, not what is asked for."""
        return self.sem.tracks_types

    @rule("type.marked", f"{_MEMTYPE} track_pfn_remap (reserve_pfn_range)")
    def marks_tracked(self) -> bool:
        """A mapping made whole is marked as tracked where types could be kept, kept or not."""
        return self.sem.marks_tracked

    @rule("type.known", f"{_MEMTYPE} lookup_memtype, pat_x_mtrr_type")
    def type_known(self, device: bool, kept: int) -> int:
        """Memory and the ROM are write-back; a device is uncached if no mapping made it other."""
        return kept if device else 0

    @rule("type.reserve", f"{_MEMTYPE} memtype_reserve, memtype_interval.c memtype_check_conflict")
    def type_reserved(self, wanted: int, found: list[int]) -> int | None:
        """A mapping made whole gets the type it asks for (uncached for none), or others' before it.

        Where those are not all the same it fails.
        """
        if not found:
            return wanted or P_NC
        return found[0] if len(set(found)) == 1 else None

    @rule("type.mixed", f"{_MEMTYPE} track_pfn_remap (lookup_memtype)")
    def type_of_part(self, known: list[int]) -> int | None:
        """A part of a mapping gets the type that all its frames are kept as, or fails."""
        return known[0] if len(set(known)) == 1 else None

    @rule("type.shrink", f"{_MEMTYPE} memtype_free, memtype_interval.c memtype_erase")
    def type_shrinks(self) -> bool:
        """Of what is kept a range can be freed whole, or its end."""
        return True

    @rule("type.flag", f"{_MEMTYPE} track_pfn_remap (VM_PAT)")
    def tracked_flags(self, flags: int) -> int:
        """A mapping made whole is VM_PAT."""
        return flags | V_PAT

    @rule("type.untrack", "6.1 mm/memory.c unmap_single_vma (untrack_pfn)")
    def type_untracks(self) -> bool:
        """Whatever is unmapped of a VM_PAT mapping, all of it is tracked no more."""
        return True

    @rule("type.moved", "6.1 mm/mremap.c move_vma (untrack_pfn_clear)")
    def moved_from_flags(self, flags: int) -> int:
        """What mremap leaves behind is not VM_PAT any more; what it moves is."""
        return flags & ~V_PAT

    @rule("type.fork", f"{_MEMTYPE} track_pfn_copy, get_pat_info; kernel/fork.c dup_mm")
    def fork_fails(self) -> bool:
        """fork fails with -ENOMEM where the first page of a VM_PAT mapping was copied."""
        return True

    @rule("type.context", "7.3 mm/memory.c remap_pfn_range_track (pfnmap_track_ctx_alloc)")
    def tracks_by_context(self) -> bool:
        """Parts and copies of a mapping share what keeps its type, on some kernels."""
        return self.sem.release.tracks_by_context

    @rule("type.released", "7.3 mm/vma_init.c vma_pfnmap_track_ctx_release")
    def context_goes(self) -> bool:
        """With the last of them the type is kept no more."""
        return True

    # ---- remap_pfn_range -----------------------------------------------------------

    @rule("remap.rounds", "6.1 mm/memory.c remap_pfn_range (PAGE_ALIGN)")
    def remap_pages(self, size: int) -> int:
        """A size that ends inside a page takes that page."""
        return -(-size // PAGE_SIZE)

    @rule("remap.aligned", f"{_REMAP} (PAGE_ALIGNED)")
    def remap_unaligned(self, addr: int) -> bool:
        """An address inside a page is -EINVAL, and the kernel warns of it."""
        return addr % PAGE_SIZE != 0

    @rule("remap.whole", f"{_REMAP} (is_cow_mapping)")
    def remap_partial(self, vma: Vma, start: int, end: int) -> bool:
        """A private mapping that may become writable is remapped whole, else -EINVAL."""
        return is_cow(vma) and (start != vma.start or end != vma.end)

    @rule("remap.pgoff", f"{_REMAP} (vm_pgoff)")
    def remap_pgoff(self, vma: Vma, frame: int) -> int:
        """A private mapping's offset becomes the number of its first frame."""
        return frame if is_cow(vma) else vma.pgoff

    @rule("remap.flags", f"{_REMAP} (vm_flags)")
    def remap_flags(self, flags: int) -> int:
        """The mapping becomes VM_IO, VM_PFNMAP, VM_DONTEXPAND and VM_DONTDUMP."""
        return flags | V_IO | V_PFNMAP | V_DONTEXPAND | _V_DONTDUMP

    @rule("remap.marks_first", "7.3 mm/memory.c remap_pfn_range_prepare_vma")
    def remap_marks_first(self) -> bool:
        """A part of a private mapping is turned down, and flags are set, first of all, on some."""
        return self.sem.release.remap_marks_first

    @rule("remap.zaps", "6.1 mm/memory.c remap_pfn_range_notrack (zap_page_range_single)")
    def remap_zaps(self) -> bool:
        """Where it fails, what was mapped in that range before goes as well."""
        return True

    # ---- vm_iomap_memory -------------------------------------------------------------

    @rule("iomap.fits", _IOMAP)
    def iomap_fits(self, vma: Vma, start: int, size: int) -> bool:
        """An area that wraps, or ends before the mapping that begins at its page vm_pgoff, fails.

        Its pages are those that its bytes lie in, wherever in a page it begins.
        """
        if (start + size) & _U64 < start:
            return False
        pages = ((size + start % PAGE_SIZE + PAGE_SIZE - 1) & _U64) >> PAGE_SHIFT
        return vma.pgoff <= pages and vma.end - vma.start <= pages - vma.pgoff

    @rule("iomap.offset", _IOMAP)
    def iomap_first(self, vma: Vma) -> int:
        """The mapping begins with the area's page of the number vm_pgoff."""
        return vma.pgoff

    # ---- vmf_insert_pfn and its like ---------------------------------------------------

    @rule("pfn.outside", "6.1 mm/memory.c vmf_insert_pfn_prot, __vm_insert_mixed")
    def pfn_outside(self, vma: Vma, index: int) -> bool:
        """An address outside the mapping is VM_FAULT_SIGBUS."""
        return not vma.start <= index < vma.end

    @rule("pfn.present", "6.1 mm/memory.c insert_pfn (pte_none)")
    def pfn_replaces(self) -> bool:
        """An entry that is there is replaced: it stays, and nobody is told."""
        return False

    @rule("pfn.result", "6.1 mm/memory.c insert_pfn (VM_FAULT_NOPAGE)")
    def pfn_result(self, present: bool) -> int:
        """Inserting gives VM_FAULT_NOPAGE, whether an entry was there or not."""
        return NOPAGE

    # ---- follow_pfn ----------------------------------------------------------------------

    @rule("follow.kind", f"{_FOLLOW} (VM_IO, VM_PFNMAP)")
    def follow_allowed(self, flags: int) -> bool:
        """Only mappings that are VM_IO or VM_PFNMAP are followed, else -EINVAL."""
        return bool(flags & (V_IO | V_PFNMAP))

    @rule("follow.absent", "6.1 mm/memory.c follow_pte")
    def follow_absent(self) -> int:
        """An entry that is not there is -EINVAL: nothing is faulted in."""
        return -EINVAL

    @rule("follow.outside", _FOLLOW)
    def follow_checks(self) -> bool:
        """An address outside the mapping is an error, or looked up all the same."""
        return self.sem.release.follow_checks

    # ---- zap_vma_ptes ----------------------------------------------------------------------

    @rule("zap_ptes.kind", "6.1 mm/memory.c zap_vma_ptes (VM_PFNMAP)")
    def zap_ptes_allowed(self, flags: int) -> bool:
        """zap_vma_ptes does nothing in a mapping that is not VM_PFNMAP, or VM_MIXEDMAP either."""
        mixed = V_MIXEDMAP if self.sem.release.zap_ptes_mixed else 0
        return bool(flags & (V_PFNMAP | mixed))

    @rule("zap_ptes.range", "6.1 include/linux/mm.h range_in_vma")
    def zap_ptes_inside(self, vma: Vma, start: int, end: int) -> bool:
        """zap_vma_ptes does nothing if any of its range lies outside the mapping."""
        return vma.start <= start and end <= vma.end

    # ---- get_user_pages ----------------------------------------------------------------------

    @rule("gup.special", "6.1 mm/gup.c follow_pfn_pte, __get_user_pages (EEXIST)")
    def follows_special(self, keeps: bool, pins: bool) -> int:
        """A frame that is no page to the kernel is -EEXIST; without pages it counts as one.

        On some kernels it does for pins, and is -EFAULT to who would get a reference.
        """
        if not keeps:
            return 0
        if self.sem.release.special_pins:
            return 0 if pins else -EFAULT
        return -EEXIST

    @rule("gup.special_touch", "6.1 mm/gup.c follow_pfn_pte (FOLL_TOUCH)")
    def touched_special(self, flags: int, write: bool, gets: bool) -> int:
        """Its entry becomes young on the way, and for WRITE dirty.

        Not where nobody would get a reference to it, if that is an error of its own.
        """
        if gets and self.sem.release.special_pins:
            return flags
        return flags | P_YOUNG | (P_DIRTY if write else 0)

    # ---- what the module does not ask a kernel for ----------------------------------------------

    @rule("refuse.not_ours", "kmod/frames.c")
    def frames_refused(self, wanted: int, left: int) -> bool:
        """Frames beyond those that are the program's to map are refused."""
        return wanted > left

    @rule("refuse.lent", "kmod/frames.c")
    def lent_refused(self, lent: bool) -> bool:
        """A page whose frame was mapped is not given back."""
        return lent

    @rule("refuse.empty", "kmod/frames.c")
    def empty_refused(self, size: int) -> bool:
        """remap_pfn_range of 0 bytes stops a kernel (BUG_ON)."""
        return size == 0

    @rule("refuse.endless", "kmod/frames.c")
    def zap_meets_end(self, addr: int, size: int, inside: bool) -> bool:
        """A walk that begins inside a page meets an end as far inside one, in the same table."""
        if size % PAGE_SIZE:
            return False
        same = addr // self.sem.table_span == (addr + size - 1) // self.sem.table_span
        return addr % PAGE_SIZE == 0 or (inside and same)

    @rule("refuse.outside", "kmod/frames.c")
    def remap_outside(self, vma: Vma, start: int, end: int) -> bool:
        """remap_pfn_range does not look where its mapping ends."""
        return start < vma.start or end > vma.end

    @rule("refuse.mapped", "kmod/frames.c")
    def remap_over(self, mapped: bool) -> bool:
        """remap_pfn_range over an entry that is there stops a kernel (BUG_ON)."""
        return mapped

    @rule("refuse.wrong_vma", "kmod/frames.c")
    def insert_stops(self, code: int, vma: Vma, has_page: bool) -> bool:
        """vmf_insert_pfn wants PFNMAP alone and no COW, or MIXEDMAP alone and no struct page.

        vmf_insert_mixed wants MIXEDMAP.
        """
        raw, mixed = bool(vma.flags & V_PFNMAP), bool(vma.flags & V_MIXEDMAP)
        if code == Code.VMF_INSERT_MIXED:
            return not mixed
        return raw == mixed or (raw and is_cow(vma)) or (mixed and has_page)

    @rule("refuse.linked", "kmod/frames.c")
    def changes_offset(self, vma: Vma, linked: bool) -> bool:
        """Only ->mmap may still change the offset of a private mapping: its file looks by that."""
        return linked and is_cow(vma)

    @rule("refuse.leaf", "kmod/frames.c")
    def leaf_refused(self, leaf: bool) -> bool:
        """follow_pfn does not expect leaves above the PTE level."""
        return leaf
