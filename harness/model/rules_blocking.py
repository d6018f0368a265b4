"""Rules of calls that sleep, and of userfaultfd, which lets them."""

from __future__ import annotations

from ..abi import HUGE_PAGES, PAGE_SIZE
from .registry import V_SHARED, V_UFFD, V_UFFD_MISSING, V_WRITE, RuleBase, rule
from .rules_memory import prot_bits
from .state import P_DIRTY, P_SPECIAL, P_WRITE, P_ZERO, Vma


class BlockingRules(RuleBase):
    """What a kernel decides about missing pages that somebody else fills in."""

    @rule("uffd.missing", "6.1 mm/memory.c do_anonymous_page, mm/shmem.c shmem_get_folio_gfp")
    def uffd_catches(self, vma: Vma) -> bool:
        """A fault at a missing page of a registered range is userfaultfd's."""
        return bool(vma.flags & V_UFFD_MISSING)

    @rule("uffd.retry", "6.1 fs/userfaultfd.c handle_userfault (FAULT_FLAG_ALLOW_RETRY)")
    def uffd_sleeps(self, may_retry: bool) -> bool:
        """Who may let the mmap lock go sleeps until the page is there, others get SIGBUS."""
        return may_retry

    @rule("uffd.slow", "6.1 mm/gup.c faultin_page (locked)")
    def slow_may_retry(self) -> bool:
        """get_user_pages keeps the mmap lock: its faults may not be retried."""
        return False

    @rule("uffd.fast", "6.1 mm/gup.c __gup_longterm_unlocked, get_user_pages_unlocked")
    def fast_may_retry(self) -> bool:
        """The slow path behind get_user_pages_fast may let the mmap lock go."""
        return True

    @rule("sleep.killed", "6.1 mm/gup.c __get_user_pages_locked (fatal_signal_pending)")
    def killed_keeps(self) -> bool:
        """A sleeping get_user_pages_fast that is killed returns the pages that it has."""
        return True

    @rule("exit.held", "6.1 kernel/fork.c mmput")
    def exit_waits(self, held: bool) -> bool:
        """A process's memory outlives it while another one's call has it."""
        return held

    @rule("uffd.moved", "6.1 fs/userfaultfd.c mremap_userfaultfd_prep")
    def moved_flags(self, flags: int) -> int:
        """Memory that mremap moves is not registered any more."""
        return flags & ~V_UFFD

    @rule("uffd.fork", "6.1 fs/userfaultfd.c dup_userfaultfd")
    def fork_unregisters(self, flags: int) -> int:
        """fork leaves the child's range unregistered."""
        return flags & ~V_UFFD

    @rule("uffd.range", "6.1 fs/userfaultfd.c validate_range")
    def uffd_range_bad(self, addr: int, size: int) -> bool:
        """A range that is empty or begins inside a page is -EINVAL."""
        return addr % PAGE_SIZE != 0 or size == 0

    @rule("uffd.above", "6.1 fs/userfaultfd.c userfaultfd_register")
    def uffd_nothing_above(self, above: bool) -> int:
        """Registering nothing is -EINVAL below some VMA, -ENOMEM above all on some kernels."""
        return -22 if above or self.sem.release.uffd_finds_range else -12

    @rule("uffd.kinds", "6.1 include/linux/userfaultfd_k.h vma_can_userfault")
    def uffd_may_register(self, foreign: bool) -> bool:
        """Files other than shmem, of secret memory or on a disk, cannot be registered."""
        return not foreign

    @rule("uffd.huge_range", "6.1 fs/userfaultfd.c userfaultfd_register (is_vm_hugetlb_page)")
    def uffd_splits_badly(self, edge: int) -> bool:
        """A range of huge pages has to begin and end with one of them."""
        return edge % HUGE_PAGES != 0

    @rule("uffd.huge_fill", "6.1 mm/userfaultfd.c __mcopy_atomic_hugetlb")
    def uffd_fills_small(self, huge: bool) -> bool:
        """One small page of a huge one cannot be filled in, not even with nothing."""
        return not huge

    @rule("uffd.registered", "6.1 mm/userfaultfd.c find_dst_vma")
    def uffd_may_fill(self, vma: Vma | None) -> bool:
        """Only a registered page can be filled in, else -ENOENT."""
        return vma is not None and bool(vma.flags & V_UFFD)

    @rule("uffd.exists", "6.1 mm/userfaultfd.c mfill_atomic_install_pte")
    def uffd_replaces(self) -> bool:
        """A page that is there is replaced: it is not, -EEXIST, and nobody wakes."""
        return False

    @rule("uffd.beyond", "6.1 mm/shmem.c shmem_mfill_atomic_pte, mm/userfaultfd.c (max_off)")
    def uffd_beyond_error(self, fills_cache: bool) -> int:
        """Filling in behind a file's end is -EFAULT; of the file itself -ENOMEM on some kernels."""
        return self.sem.release.uffd_copy_beyond if fills_cache else -14

    @rule("uffd.copy_pte", "6.1 mm/userfaultfd.c mfill_atomic_install_pte")
    def uffd_copy_pte(self, vma: Vma) -> int:
        """A page filled in is dirty from the start, and writable if the VMA is."""
        return prot_bits(vma) | P_DIRTY | (P_WRITE if vma.flags & V_WRITE else 0)

    @rule("uffd.zero_pte", "6.1 mm/userfaultfd.c mfill_zeropage_pte")
    def uffd_zero_pte(self, vma: Vma) -> int:
        """A private page filled in with nothing is the zero page, never writable."""
        return prot_bits(vma) | P_SPECIAL | P_ZERO

    @rule("uffd.private_file", "6.1 mm/userfaultfd.c mfill_atomic_pte")
    def uffd_fills_cache(self, vma: Vma) -> bool:
        """Filling in a private file mapping leaves the file alone: the page is anonymous."""
        return bool(vma.flags & V_SHARED)

    @rule("uffd.wake", "6.1 fs/userfaultfd.c userfaultfd_copy, wake_userfault")
    def uffd_wakes(self) -> bool:
        """Who sleeps for a page goes on when it is filled in."""
        return True

    @rule("uffd.gone", "6.1 fs/userfaultfd.c userfaultfd_copy (mmget_not_zero)")
    def uffd_outlives(self) -> bool:
        """A dead process's memory can be filled in: it cannot, -ESRCH."""
        return False

    @rule("refuse.busy", "kmod/gup.c")
    def set_is_busy(self) -> bool:
        """The held set of a call that sleeps is not touched."""
        return True
