"""Rules of userfaultfd's other two modes: pages that a file has, and write-protected ones."""

from __future__ import annotations

from ..abi import Uffd
from .registry import (
    V_ACCESS,
    V_HUGETLB,
    V_SHARED,
    V_UFFD_MINOR,
    V_UFFD_WP,
    V_WRITE,
    RuleBase,
    rule,
)
from .rules_memory import prot_bits
from .state import P_DIRTY, P_NONE_PROT, P_UFFD_WP, P_WRITE, Vma

EFAULT, EINVAL = 14, 22
_KNOWN = int(Uffd.MISSING | Uffd.WP | Uffd.MINOR)
_WP, _MINOR = int(Uffd.WP), int(Uffd.MINOR)
_REGISTER = "6.1 fs/userfaultfd.c userfaultfd_register"
_INSTALL = "6.1 mm/userfaultfd.c mfill_atomic_install_pte"
_CHANGE = "6.1 mm/mprotect.c change_pte_range"


class UffdRules(RuleBase):
    """What a kernel decides about pages that are there and yet somebody else's to allow."""

    # ---- registering ---------------------------------------------------------

    @rule("uffd.mode", _REGISTER)
    def uffd_mode_bad(self, mode: int) -> bool:
        """No mode at all, or one that the kernel lacks there, is -EINVAL."""
        refused = self.sem.release.uffd_refuses_wp and not self.sem.uffd_wp
        known = _KNOWN & ~_WP if refused else _KNOWN
        if not self.sem.release.uffd_minor:
            known &= ~_MINOR
        return not mode or bool(mode & ~known)

    @rule("uffd.minor_kinds", "6.1 include/linux/userfaultfd_k.h vma_can_userfault")
    def uffd_may_be_minor(self, mode: int, vma: Vma) -> bool:
        """MINOR is for memory that has a file, shared anonymous memory too."""
        return not mode & _MINOR or vma.file >= 0

    @rule("uffd.wp_kinds", "6.1 include/linux/userfaultfd_k.h vma_can_userfault")
    def uffd_may_be_protected(self, mode: int, vma: Vma) -> bool:
        """WP is for any memory that can be registered, on some kernels for anonymous alone."""
        if not mode & _WP or self.sem.release.uffd_wp_files:
            return True
        return vma.file < 0 and not vma.flags & V_HUGETLB

    @rule("uffd.knows_continue", "6.1 fs/userfaultfd.c userfaultfd_ioctl (UFFDIO_CONTINUE)")
    def uffd_knows_continue(self) -> bool:
        """A kernel without MINOR has no way to go on: -EINVAL, whatever is asked."""
        return self.sem.release.uffd_minor

    @rule("uffd.again", _REGISTER)
    def uffd_registered_flags(self, flags: int, uffd: int, wanted: int) -> int:
        """Registering again leaves what has all of the modes, else these take the others' place."""
        return flags if flags & wanted == wanted else flags & ~uffd | wanted

    @rule("uffd.keeps_wp", "7.3 mm/userfaultfd.c userfaultfd_register (-EBUSY)")
    def uffd_may_switch(self, flags: int, wanted: int) -> bool:
        """Memory registered with WP cannot be registered without: on some kernels, -EBUSY."""
        return not (self.sem.release.uffd_keeps_wp and flags & V_UFFD_WP & ~wanted)

    # ---- minor faults --------------------------------------------------------

    @rule("uffd.minor", "6.1 mm/shmem.c shmem_get_folio_gfp (userfaultfd_minor)")
    def uffd_catches_minor(self, vma: Vma) -> bool:
        """With MINOR a fault at a page that the file has is userfaultfd's."""
        return bool(vma.flags & V_UFFD_MINOR)

    @rule("uffd.continue", "6.1 mm/userfaultfd.c mcontinue_atomic_pte, mm/shmem.c shmem_get_folio")
    def uffd_continue_error(self, beyond: bool, cached: bool) -> int:
        """Going on without the file's page is -EFAULT, behind its end -EINVAL on some kernels."""
        if beyond:
            return self.sem.release.uffd_continue_beyond
        return 0 if cached else -EFAULT

    @rule("uffd.continue_kinds", "6.1 mm/userfaultfd.c __mcopy_atomic")
    def uffd_may_continue(self, vma: Vma) -> bool:
        """Going on is for memory that has a file, registered in whatever mode, else -EINVAL."""
        return vma.file >= 0

    @rule("uffd.continue_pte", _INSTALL)
    def uffd_continued_pte(self, vma: Vma) -> int:
        """The file's page is mapped dirty, and writable if the VMA is and shares it."""
        shared = vma.flags & (V_SHARED | V_WRITE) == V_SHARED | V_WRITE
        return prot_bits(vma) | P_DIRTY | (P_WRITE if shared else 0)

    # ---- write protection ----------------------------------------------------

    @rule("uffd.wp", "6.1 mm/memory.c do_wp_page, include/linux/userfaultfd_k.h userfaultfd_pte_wp")
    def uffd_protects(self, flags: int, vma: Vma) -> bool:
        """A protected entry is not written, nor with FORCE, while its VMA is registered with WP."""
        return bool(flags & P_UFFD_WP and vma.flags & V_UFFD_WP)

    @rule("uffd.wp_mark", "6.1 include/asm-generic/pgtable_uffd.h pte_mkuffd_wp")
    def uffd_mark(self) -> int:
        """What a protected entry has, where the architecture has such a mark."""
        return P_UFFD_WP if self.sem.uffd_wp else 0

    @rule("uffd.wp_range", "6.1 mm/userfaultfd.c mwriteprotect_range, find_dst_vma")
    def uffd_may_protect(self, vma: Vma, end: int) -> bool:
        """What is protected lies in one VMA, registered with WP, else -ENOENT."""
        return end <= vma.end and bool(vma.flags & V_UFFD_WP)

    @rule("uffd.wp_many", "6.1 mm/userfaultfd.c mwriteprotect_range, find_dst_vma")
    def uffd_protects_many(self) -> bool:
        """Or in several, on some kernels, up to the first that is not registered so."""
        return self.sem.release.uffd_protects_many

    @rule("uffd.wp_pte", _CHANGE)
    def uffd_protected_pte(self, flags: int, vma: Vma) -> int:
        """Protecting takes the write bit, of write-only memory all access; young and dirty stay.

        Where entries have what the mapping's have at first it takes no more.
        """
        readable = vma.flags & V_ACCESS & ~V_WRITE or self.sem.release.uffd_upgrades
        rest = 0 if readable else P_NONE_PROT
        return flags & ~P_WRITE | self.uffd_mark() | rest

    @rule("uffd.wp_end_pte", _CHANGE)
    def uffd_resolved_pte(self, flags: int) -> int:
        """The end of protection gives the VMA's access back: private memory's comes by a fault."""
        return flags & ~P_UFFD_WP

    @rule("uffd.wp_end_write", "6.1 mm/userfaultfd.c uffd_wp_range")
    def uffd_upgrades(self) -> bool:
        """On some kernels private memory's comes at once as mprotect has it, shared one's not."""
        return self.sem.release.uffd_upgrades

    @rule("uffd.wp_none", _CHANGE)
    def uffd_marks_none(self, vma: Vma) -> bool:
        """Protecting what is not mapped leaves markers in memory that has a file, no trace else."""
        return vma.file >= 0

    @rule("uffd.wp_marker", "6.1 mm/memory.c pte_marker_handle_uffd_wp")
    def uffd_heeds_marker(self, vma: Vma) -> bool:
        """A marker counts while its VMA is registered with WP; else the fault removes it."""
        return bool(vma.flags & V_UFFD_WP)

    @rule("uffd.wp_marked_pte", "6.1 mm/memory.c do_set_pte (pte_marker_uffd_wp)")
    def uffd_marked_pte(self, flags: int) -> int:
        """A page that is faulted in at a marker is mapped protected."""
        return flags & ~P_WRITE | P_UFFD_WP

    @rule("uffd.wp_tracks", "6.1 mm/mmap.c vma_wants_writenotify (userfaultfd_wp)")
    def uffd_tracks(self, vma: Vma) -> bool:
        """In memory registered with WP a shared page is mapped read-only until it is written."""
        return bool(vma.flags & V_UFFD_WP)

    @rule("uffd.wp_mprotect", "6.1 mm/mprotect.c mprotect_fixup, mm/mmap.c vma_wants_writenotify")
    def uffd_stays_protected(self, flags: int, vma: Vma) -> bool:
        """mprotect lets no protected page be written, nor any shared one registered with WP."""
        shared = vma.flags & (V_SHARED | V_UFFD_WP) == V_SHARED | V_UFFD_WP
        return shared or bool(flags & P_UFFD_WP and vma.flags & V_UFFD_WP)

    @rule("uffd.wp_copy", _INSTALL)
    def uffd_copied_pte(self, flags: int, protect: bool) -> int:
        """A page filled in with WP is mapped protected."""
        return flags & ~P_WRITE | self.uffd_mark() if protect else flags

    @rule("uffd.wp_copy_mode", "6.1 mm/userfaultfd.c __mcopy_atomic (wp_copy)")
    def uffd_may_copy(self, vma: Vma, protect: bool) -> bool:
        """Filling in with WP is for memory registered with WP, else -EINVAL."""
        return not protect or bool(vma.flags & V_UFFD_WP)

    @rule("uffd.wp_fill", "6.1 mm/userfaultfd.c mfill_atomic_install_pte, mfill_zeropage_pte")
    def uffd_fills_marker(self, zero: bool) -> bool:
        """A marker gives way to a page, but not to a private mapping's zero page: -EEXIST."""
        return not zero

    @rule("uffd.wp_zap", "6.1 mm/memory.c zap_install_uffd_wp_if_needed")
    def uffd_leaves_marker(self, flags: int, vma: Vma) -> bool:
        """Zapping a protected page leaves a marker in memory that has a file."""
        return bool(flags & P_UFFD_WP and vma.flags & V_UFFD_WP) and vma.file >= 0

    @rule("uffd.wp_unmap", "6.1 mm/memory.c zap_pte_range, unmap_vmas (ZAP_FLAG_DROP_MARKER)")
    def uffd_drops_marker(self, unmapping: bool) -> bool:
        """Only unmapping drops markers: discarding and truncating leave them."""
        return unmapping

    @rule("uffd.wp_fork", "6.1 mm/memory.c copy_present_pte, copy_nonpresent_pte")
    def uffd_forked_pte(self, flags: int) -> int:
        """A child's entries are not protected, its memory is not registered."""
        return flags & ~P_UFFD_WP

    @rule("uffd.wp_moved", "6.1 mm/mremap.c move_ptes (need_clear_uffd_wp)")
    def uffd_moved_pte(self, flags: int) -> int:
        """mremap takes protection off, and markers away, or moves them along."""
        return flags if self.sem.release.uffd_moves_marks else flags & ~P_UFFD_WP

    @rule("uffd.wp_unshare", "6.1 mm/memory.c wp_page_copy (FAULT_FLAG_UNSHARE)")
    def uffd_unshared_pte(self, old: int) -> int:
        """A copy that unsharing makes of a protected page is protected."""
        return old & P_UFFD_WP
