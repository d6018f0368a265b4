"""Rules of guard pages, which kernels have from 6.13 on."""

from __future__ import annotations

from ..abi import Fault, VmaFlag
from .registry import V_LOCKED, V_MAYBE_GUARD, RuleBase, rule
from .state import Vma

_INSTALL = "7.3 mm/madvise.c madvise_guard_install"
_UNFIT = V_LOCKED | int(
    VmaFlag.IO | VmaFlag.DONTEXPAND | VmaFlag.PFNMAP | VmaFlag.MIXEDMAP | VmaFlag.HUGETLB
)


class GuardRules(RuleBase):
    """What a kernel decides about pages that nobody is to touch."""

    @rule("guard.kinds", "7.3 mm/madvise.c is_valid_guard_vma")
    def may_guard(self, vma: Vma) -> bool:
        """Locked memory, huge pages of hugetlb and most of a driver's get no guards: -EINVAL."""
        return not vma.flags & _UNFIT

    @rule("guard.vma", f"{_INSTALL} (VMA_MAYBE_GUARD_BIT)")
    def guarded_flags(self, flags: int) -> int:
        """A mapping remembers that it has had guard pages."""
        return flags | V_MAYBE_GUARD

    @rule("guard.fault", "7.3 mm/memory.c handle_pte_marker (PTE_MARKER_GUARD)")
    def guard_fault(self) -> Fault:
        """An access to a guard page is SIGSEGV, and to get_user_pages -EFAULT."""
        return Fault.SIGSEGV

    @rule("guard.zap", "7.3 mm/memory.c zap_nonpresent_ptes (softleaf_is_guard_marker)")
    def guard_goes(self, unmapping: bool) -> bool:
        """Guard pages go with their mapping alone: discarding and truncating leave them."""
        return unmapping

    @rule("guard.fork", "7.3 include/linux/mm_inline.h copy_pte_marker")
    def guard_forks(self) -> bool:
        """A child has its parent's guard pages."""
        return True
