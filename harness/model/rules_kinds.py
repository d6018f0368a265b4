"""Rules of particular kinds of memory: secret memory."""

from __future__ import annotations

from ..abi import Prot, VmaFlag
from .registry import RuleBase, rule

EPERM, EINVAL = 1, 22
_EXEC = int(Prot.EXEC)
_MAYEXEC, _DONTDUMP = int(VmaFlag.MAYEXEC), int(VmaFlag.DONTDUMP)


class KindRules(RuleBase):
    """What a kernel decides about memory that is not of the ordinary kind."""

    # ---- memfd_secret --------------------------------------------------------

    @rule("secret.mmap", "6.1 mm/mmap.c do_mmap (path_noexec), mm/secretmem.c secretmem_mmap")
    def secret_mmap(self, shared: bool, prot: int) -> int:
        """Secret memory is never executable and never private; 0, or the errno that says so."""
        if prot & _EXEC:
            return -EPERM
        return 0 if shared else -EINVAL

    @rule("secret.vma", "6.1 mm/mmap.c do_mmap (path_noexec), mm/secretmem.c secretmem_mmap")
    def secret_vma_flags(self, flags: int) -> int:
        """A mapping of secret memory can never become executable and is left out of dumps."""
        return flags & ~_MAYEXEC | _DONTDUMP

    @rule("secret.resize", "6.1 mm/secretmem.c secretmem_setattr")
    def secret_resizes(self, size: int) -> bool:
        """A secret file takes one size in its life."""
        return size == 0

    @rule("secret.gup", "6.1 mm/gup.c check_vma_flags (vma_is_secretmem)")
    def slow_takes_secret(self) -> bool:
        """get_user_pages takes secret memory: it does not, before any fault."""
        return False

    @rule("secret.fast", "6.1 mm/gup.c gup_pte_range (page_is_secretmem)")
    def fast_takes_secret(self) -> bool:
        """The lockless walk takes secret pages: it does not."""
        return False
