"""Rules of get_user_pages and its companions, and what the module refuses."""

from __future__ import annotations

from .registry import (
    V_MAYREAD,
    V_MAYSHARE,
    V_MAYWRITE,
    V_READ,
    V_SHARED,
    V_WRITE,
    RuleBase,
    is_cow,
    rule,
)
from .state import G_ANON, G_DIRTY, G_EXCLUSIVE, P_DIRTY, P_NONE_PROT, P_WRITE, Vma

_ACCESS_PERMITTED = "6.1 arch/{x86,arm64}/include/asm/pgtable.h pte_access_permitted"


class GupRules(RuleBase):
    """What get_user_pages, its fast form and the holders of pages decide."""

    # ---- get_user_pages ------------------------------------------------------

    @rule("gup.zero", "6.1 mm/gup.c __get_user_pages (!nr_pages)")
    def slow_nr_zero(self, nr: int) -> bool:
        """nr_pages 0 returns 0 before anything is looked at."""
        return nr == 0

    @rule("gup.unsigned", "6.1 mm/gup.c get_user_pages (unsigned long nr_pages)")
    def slow_nr(self, nr: int) -> int:
        """A negative nr_pages is a huge one."""
        return nr & 0xFFFFFFFFFFFFFFFF

    @rule("gup.read", "6.1 mm/gup.c check_vma_flags")
    def slow_may_read(self, vma: Vma, force: bool) -> bool:
        """Reading needs VM_READ, or FORCE and VM_MAYREAD."""
        return bool(vma.flags & V_READ) or (force and bool(vma.flags & V_MAYREAD))

    @rule("gup.write", "6.1 mm/gup.c check_vma_flags")
    def slow_may_write(self, vma: Vma, force: bool) -> bool:
        """Writing needs VM_WRITE, or FORCE and a private mapping that may become writable."""
        return bool(vma.flags & V_WRITE) or (force and is_cow(vma))

    @rule("gup.interrupted", "6.1 mm/gup.c __get_user_pages (fatal_signal_pending)")
    def slow_interrupted(self, killed: bool) -> bool:
        """With SIGKILL pending a page is not even looked for, but its VMA has been."""
        return killed

    @rule("gup.follow_write", "6.1 mm/gup.c can_follow_write_pte")
    def may_follow_write(self, pte_flags: int, vma: Vma, page_flags: int, force: bool) -> bool:
        """WRITE takes a writable PTE; with FORCE also a read-only exclusive copy."""
        if pte_flags & P_WRITE:
            return True
        if not force or vma.flags & (V_SHARED | V_MAYSHARE | V_WRITE):
            return False
        exclusive = page_flags & (G_ANON | G_EXCLUSIVE) == G_ANON | G_EXCLUSIVE
        return bool(vma.flags & V_MAYWRITE) and exclusive

    @rule("gup.touch", "6.1 mm/gup.c follow_page_pte (FOLL_TOUCH)")
    def slow_dirties(self, pte_flags: int, page_flags: int) -> bool:
        """WRITE through a clean PTE marks a clean page dirty."""
        return not pte_flags & P_DIRTY and not page_flags & G_DIRTY

    @rule("gup.reference", "6.1 mm/gup.c try_grab_page (FOLL_GET)")
    def grab(self) -> int:
        """Each page returned carries one more reference, the zero page too."""
        return 1

    @rule("gup.partial", "6.1 mm/gup.c __get_user_pages (i ? i : ret)")
    def partial(self, done: int, error: int) -> int:
        """Once a page was taken, the count comes back and the error is lost."""
        return done or error

    @rule("gup.untag", "6.1 mm/gup.c untagged_addr")
    def untagged(self, addr: int) -> int:
        """Where the top byte is ignored, it is a copy of bit 55."""
        if not self.sem.tagged_addresses:
            return addr
        low = addr & ((1 << 56) - 1)
        return low | (0xFF << 56) if low >> 55 else low

    # ---- get_user_pages_fast -------------------------------------------------

    @rule("fast.overflow", "6.1 mm/gup.c internal_get_user_pages_fast (check_add_overflow)")
    def fast_overflow(self, start: int, nr: int) -> bool:
        """start + length beyond 2^64 returns 0."""
        return start + ((nr << 12) & 0xFFFFFFFFFFFFFFFF) >= 1 << 64

    @rule("fast.access_ok", "6.1 mm/gup.c internal_get_user_pages_fast (access_ok)")
    def fast_access_ok(self, start: int, nr: int) -> bool:
        """A range that leaves user space is refused whole."""
        return start + ((nr << 12) & 0xFFFFFFFFFFFFFFFF) <= self.sem.task_size

    @rule("fast.permitted", _ACCESS_PERMITTED)
    def fast_permitted(self, pte_flags: int, write: bool) -> bool:
        """The lockless walk asks the PTE alone: user and present, writable for WRITE."""
        if pte_flags & P_NONE_PROT:
            return False
        return not write or bool(pte_flags & P_WRITE)

    @rule("fast.special", "6.1 mm/gup.c gup_pte_range (pte_special)")
    def fast_takes_special(self) -> bool:
        """The lockless walk takes special PTEs, the zero page: it does not."""
        return False

    @rule("fast.zero", "6.1 mm/gup.c gup_pte_range (do ... while addr != end)")
    def fast_limit(self, nr: int) -> int:
        """nr_pages 0 walks on to the first PTE that stops it."""
        return nr or 1 << 62

    @rule("fast.dirty", "6.1 mm/gup.c gup_pte_range")
    def fast_dirties(self) -> bool:
        """The lockless walk marks pages dirty for WRITE: it does not."""
        return False

    @rule("fast.slow", "6.1 mm/gup.c internal_get_user_pages_fast (slow path)")
    def fast_falls_back(self, done: int, nr: int) -> bool:
        """What the walk did not take is faulted in behind it."""
        return done != nr

    # ---- held pages ----------------------------------------------------------

    @rule("held.put", "6.1 include/linux/mm.h put_page")
    def put_drops(self) -> int:
        """put_page gives one reference back."""
        return 1

    @rule("held.dirty", "6.1 mm/page-writeback.c set_page_dirty_lock, noop_dirty_folio")
    def dirtied_flags(self, flags: int) -> int:
        """set_page_dirty_lock sets PG_dirty, mapped or not."""
        return flags | G_DIRTY

    # ---- what the module will not ask a kernel for ---------------------------

    @rule("refuse.capacity", "kmod/gup.c")
    def over_capacity(self, nr: int, extent: int, fast: bool) -> bool:
        """A count that pages[] cannot hold is refused unless the VMAs from start on end earlier."""
        fits = (1 if fast else 0) <= nr <= self.sem.gup_capacity
        return not fits and extent > self.sem.gup_capacity

    @rule("refuse.table_end", "kmod/gup.c")
    def walks_off_table(self, start: int, extent: int) -> bool:
        """A fast call with nr_pages 0 is refused where no empty PTE ends the walk in its table."""
        room = (self.sem.table_span - start % self.sem.table_span) >> 12
        return extent >= room

    @rule("refuse.reserved", "kmod/gup.c")
    def poke_refused(self, zero: bool) -> bool:
        """The zero page is never written: every process would read it."""
        return zero
