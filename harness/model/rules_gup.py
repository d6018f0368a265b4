"""Rules of get_user_pages and its companions, and what the module refuses."""

from __future__ import annotations

from ..abi import Code, Foll
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
from .releases import EINVAL
from .rules_memory import PIN_BIAS
from .state import G_ANON, G_DIRTY, G_EXCLUSIVE, P_DIRTY, P_NONE_PROT, P_WRITE, Vma

_ACCESS_PERMITTED = "6.1 arch/{x86,arm64}/include/asm/pgtable.h pte_access_permitted"


# The calls that ask is_valid_gup_flags().
_CHECKED = (Code.GET_USER_PAGES, Code.GET_USER_PAGES_REMOTE, Code.GET_USER_PAGES_FAST)
_FAST_FLAGS = int(Foll.WRITE | Foll.FORCE | Foll.LONGTERM | Foll.GET | Foll.PIN | Foll.PCI_P2PDMA)
_PAIR = 2  # pages of the smallest compound page
_PINS = (Code.PIN_USER_PAGES, Code.PIN_USER_PAGES_FAST)


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
    def may_follow_write(
        self, pte_flags: int, vma: Vma, page_flags: int, force: bool, copied: bool
    ) -> bool:
        """WRITE takes a writable PTE; with FORCE also a read-only exclusive copy.

        On some kernels that is a dirty page which the same call has just copied.
        """
        if pte_flags & P_WRITE:
            return True
        if self.sem.release.foll_cow:
            return force and copied and bool(pte_flags & P_DIRTY)
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

    @rule("gup.anon", "6.1 mm/gup.c check_vma_flags (FOLL_ANON)")
    def anon_only(self, vma: Vma) -> bool:
        """ANON takes private anonymous memory only."""
        return vma.file < 0

    @rule("gup.touches", "6.1 mm/gup.c pin_user_pages, __gup_longterm_unlocked")
    def touches(self, code: Code, longterm: bool) -> bool:
        """pin_user_pages, and some slow paths of fast LONGTERM pins, leave PG_dirty alone."""
        alone = longterm and not self.sem.release.longterm_goes_on
        return code is not Code.PIN_USER_PAGES and not alone

    @rule("gup.longterm_retries", "6.1 mm/gup.c __gup_longterm_unlocked")
    def longterm_may_retry(self) -> bool:
        """The slow path of a fast LONGTERM pin may sleep, on some kernels."""
        return self.sem.release.longterm_goes_on

    @rule("gup.locked", "6.1 mm/memory.c fault_dirty_shared_page, maybe_unlock_mmap_for_io")
    def fault_lets_go(self, vma: Vma, dirties: bool, waits: bool) -> bool:
        """With locked, a write fault that dirties a shared file page lets the mmap lock go."""
        return waits and dirties and bool(vma.flags & V_SHARED)

    @rule("gup.locked_read", "6.1 mm/filemap.c filemap_fault, do_sync_mmap_readahead")
    def read_lets_go(self, reads: bool, waits: bool) -> bool:
        """With locked, a fault that reads from the disk lets the mmap lock go."""
        return waits and reads

    @rule("gup.nowait", "6.1 mm/gup.c faultin_page (FAULT_FLAG_RETRY_NOWAIT)")
    def nowait_returns(self, nowait: bool) -> bool:
        """With NOWAIT a fault that would wait ends the call with what it has, 0 pages even."""
        return nowait

    @rule("gup.locked_retries", "6.1 mm/gup.c faultin_page (locked: FAULT_FLAG_ALLOW_RETRY)")
    def locked_may_retry(self) -> bool:
        """With locked, which get_user_pages_unlocked has of its own, a fault may sleep."""
        return True

    @rule("gup.gate", "6.1 mm/gup.c get_gate_page")
    def takes_gate(self, write: bool) -> bool:
        """The vsyscall page, where it can be read, is taken for reading only."""
        return self.sem.gate_page and not write

    @rule("gup.io", "6.1 mm/gup.c check_vma_flags (VM_IO, VM_PFNMAP)")
    def takes_io(self) -> bool:
        """get_user_pages takes pages of VM_IO or VM_PFNMAP: it does not."""
        return False

    @rule("gup.vvar", "6.1 mm/gup.c check_vma_flags; arch/{x86,arm64} vdso vm_flags")
    def takes_vvar(self) -> bool:
        """get_user_pages takes the vvar page: not where it is VM_IO or VM_PFNMAP."""
        return self.sem.release.takes_vvar

    @rule("gup.vvar_remote", "7.3 lib/vdso/datastore.c vvar_fault (FAULT_FLAG_REMOTE)")
    def vvar_keeps_out(self, remote: bool) -> bool:
        """It is not faulted in for others, nor for a call that may be about others."""
        return remote

    @rule("gup.longterm_file", "6.1 mm/gup.c check_vma_flags")
    def may_write_longterm(self, vma: Vma, longterm: bool, tracked: bool) -> bool:
        """A LONGTERM pin may write to a shared file that is told of writes, on some kernels."""
        if not longterm or not tracked or not vma.flags & V_SHARED:
            return True
        return self.sem.release.longterm_writes

    @rule("gup.split_huge", "6.1 mm/gup.c follow_hugetlb_page, check_vma_flags")
    def split_huge_error(self) -> int:
        """SPLIT_PMD means nothing to hugetlb, or is -EOPNOTSUPP."""
        return self.sem.release.split_huge_error

    @rule("gup.vdso", "6.1 mm/gup.c check_vma_flags; arch/{x86,arm64} vdso vm_flags")
    def takes_vdso(self, write: bool, force: bool) -> bool:
        """The vdso is taken as any read-only private mapping: for writing with FORCE alone."""
        return force or not write

    @rule("gup.split", "6.1 mm/gup.c follow_pmd_mask (FOLL_SPLIT_PMD)")
    def splits_leaf(self, wanted: bool) -> bool:
        """SPLIT_PMD splits a transparent huge page's leaf before it is followed."""
        return wanted

    @rule("gup.gate_anon", "6.1 mm/gup.c __get_user_pages (in_gate_area), check_vma_flags")
    def anon_outside(self, gate: bool) -> bool:
        """ANON takes nothing of the kernel's mappings; the vsyscall page is not asked."""
        return gate

    @rule("gup.vmas", "6.1 mm/gup.c __get_user_pages (vmas), get_gate_page")
    def vmas_filled(self, ret: int, gates: int) -> int:
        """vmas gets the VMA of each page that is returned; the vsyscall page's is nobody's."""
        return max(ret, 0) - gates

    # ---- flags -----------------------------------------------------------------

    @rule("flags.pin", "6.1 mm/gup.c is_valid_gup_flags (FOLL_PIN)")
    def rejects_pin(self, code: Code, pin: bool) -> bool:
        """get_user_pages, its remote and its fast form reject PIN, with a warning; or all do."""
        return pin and (self.sem.release.one_check or code in _CHECKED)

    @rule("flags.longterm", "6.1 mm/gup.c is_valid_gup_flags, get_user_pages_unlocked")
    def rejects_longterm(self, code: Code, longterm: bool) -> bool:
        """Only pins may be LONGTERM; what has no slow path may not mind."""
        if self.sem.release.one_check:
            return longterm and code not in _PINS
        return longterm and (code in _CHECKED or code is Code.GET_USER_PAGES_UNLOCKED)

    @rule("flags.get", "6.1 mm/gup.c pin_user_pages, pin_user_pages_fast (FOLL_GET)")
    def rejects_get(self, code: Code, get: bool) -> bool:
        """pin_user_pages and its fast form reject GET, with a warning."""
        return get and code in _PINS

    @rule("flags.error", "6.1 mm/gup.c pin_user_pages, pin_user_pages_fast (FOLL_GET)")
    def rejected(self, code: Code) -> int:
        """Flags that a call cannot have are -EINVAL, or pin_user_pages says that it got nothing."""
        return self.sem.release.pin_get_error if code is Code.PIN_USER_PAGES else -EINVAL

    @rule("flags.fast", "6.1 mm/gup.c internal_get_user_pages_fast")
    def fast_rejects(self, flags: int) -> bool:
        """Fast calls take WRITE, FORCE, LONGTERM, GET and PIN, and warn of every other flag."""
        return bool(flags & ~_FAST_FLAGS)

    @rule("flags.warn_once", "6.1 include/asm-generic/bug.h WARN_ON_ONCE")
    def warns_again(self) -> bool:
        """A check that has warned warns again: it does not."""
        return False

    # ---- pins ----------------------------------------------------------------

    @rule("pin.counts", "6.1 mm/gup.c try_grab_page, try_grab_folio (FOLL_PIN)")
    def pin_adds(self, zero: bool, large: bool) -> tuple[int, int]:
        """A pin is 1024 references, of a large page one and one pin, of the zero page none."""
        if zero and not self.sem.release.pins_zero:
            return 0, 0
        return (1, 1) if large else (PIN_BIAS, 0)

    @rule("pin.apart", "6.1 mm/gup.c try_grab_folio (folio_test_large)")
    def pins_apart(self, size: int) -> bool:
        """Large pages (size in pages) count pins apart; on some kernels not those of two."""
        return size > _PAIR or (size == _PAIR and self.sem.release.pairs_count_pins)

    @rule("pin.releases", "6.1 mm/gup.c gup_put_folio (FOLL_PIN)")
    def unpin_drops(self, zero: bool, large: bool) -> tuple[int, int]:
        """unpin_user_page gives 1024 references back, of a large page one and one pin."""
        if zero and not self.sem.release.pins_zero:
            return 0, 0
        return (1, 1) if large else (PIN_BIAS, 0)

    @rule("pin.unshare", "6.1 include/linux/mm.h gup_must_unshare")
    def must_unshare(self, pin: bool, write: bool, page_flags: int) -> bool:
        """Pinning an anonymous page to read it makes it exclusive first; getting it does not."""
        shared = page_flags & (G_ANON | G_EXCLUSIVE) == G_ANON
        return self.sem.release.exclusive and pin and not write and shared

    @rule("pin.longterm", "6.1 include/linux/mm.h gup_must_unshare (FOLL_LONGTERM)")
    def longterm_unshares(self, page_flags: int, cow: bool) -> bool:
        """A LONGTERM pin for reading makes a private mapping copy what is not anonymous, on some.

        The lockless walk, which knows no mapping, leaves it whatever is read-only.
        """
        return self.sem.release.longterm_copies and cow and not page_flags & G_ANON

    @rule("pin.remembered", "6.1 mm/gup.c mm_set_has_pinned_flag")
    def remembers_pins(self) -> bool:
        """Whose memory was ever pinned is remembered, for fork to look."""
        return True

    # ---- get_user_pages_fast -------------------------------------------------

    @rule("fast.overflow", "6.1 mm/gup.c internal_get_user_pages_fast (check_add_overflow)")
    def fast_overflow(self, start: int, nr: int) -> bool:
        """start + length beyond 2^64 ends the call at once."""
        return start + ((nr << 12) & 0xFFFFFFFFFFFFFFFF) >= 1 << 64

    @rule("fast.overflow_error", "6.1 mm/gup.c internal_get_user_pages_fast (check_add_overflow)")
    def fast_overflow_result(self) -> int:
        """It says that it got nothing, or -EOVERFLOW."""
        return self.sem.release.overflow_error

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

    @rule("fast.mapping", "6.1 mm/gup.c gup_pte_range (page_is_secretmem)")
    def fast_takes_unmapped(self, small: bool, longterm_write: bool) -> bool:
        """The lockless walk takes pages without a mapping, but where it takes them for secret.

        Or, of a LONGTERM pin for writing, for a file's.
        """
        release = self.sem.release
        if longterm_write and not release.longterm_writes:
            return False
        return not (small and release.fast_wants_mapping)

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

    @rule("fast_only.slow", "6.1 mm/gup.c internal_get_user_pages_fast (FOLL_FAST_ONLY)")
    def fast_only_falls_back(self) -> bool:
        """get_user_pages_fast_only faults in what the walk did not take: it does not."""
        return False

    @rule("fast_only.clamp", "6.1 mm/gup.c get_user_pages_fast_only")
    def fast_only_result(self, ret: int) -> int:
        """get_user_pages_fast_only returns 0 instead of an errno, but where it says which."""
        return ret if self.sem.release.fast_only_errors else max(ret, 0)

    # ---- held pages ----------------------------------------------------------

    @rule("held.put", "6.1 include/linux/mm.h put_page")
    def put_drops(self) -> int:
        """put_page gives one reference back."""
        return 1

    @rule("held.dirty", "6.1 mm/page-writeback.c set_page_dirty_lock, noop_dirty_folio")
    def dirtied_flags(self, flags: int) -> int:
        """set_page_dirty_lock sets PG_dirty, mapped or not."""
        return flags | G_DIRTY

    @rule("held.unlocked", "6.1 mm/folio-compat.c set_page_dirty, noop_dirty_folio")
    def dirtied_unlocked(self, flags: int) -> int:
        """set_page_dirty sets PG_dirty just as its locked form does."""
        return flags | G_DIRTY

    # ---- what the module will not ask a kernel for ---------------------------

    @rule("refuse.capacity", "kmod/gup.c")
    def over_capacity(self, nr: int, extent: int, fast: bool) -> bool:
        """A count that pages[] cannot hold is refused unless the VMAs from start on end earlier."""
        fits = (1 if fast else 0) <= nr <= self.sem.gup_capacity
        return not fits and extent > self.sem.gup_capacity

    @rule("refuse.table_end", "kmod/gup.c")
    def walks_off_table(self, start: int, extent: int, leaf: bool) -> bool:
        """A fast call with nr_pages 0 is refused where no empty PTE ends the walk in its table."""
        if leaf:
            return False
        room = (self.sem.table_span - start % self.sem.table_span) >> 12
        return extent >= room

    @rule("refuse.reserved", "kmod/gup.c")
    def poke_refused(self, zero: bool) -> bool:
        """The zero page is never written: every process would read it."""
        return zero

    @rule("refuse.unknown_flag", "kmod/gup.c")
    def unknown_flags(self, flags: int) -> bool:
        """A flag that the kernel lacks is refused by name."""
        return bool(flags & ~self.sem.release.foll_flags)

    @rule("refuse.absent_vmas", "kmod/gup.c")
    def lacks_vmas(self, vmas: bool) -> bool:
        """vmas are refused where the kernel's call has none."""
        return vmas and not self.sem.release.vmas

    @rule("refuse.no_pages", "kmod/gup.c")
    def needs_pages(self, takes: bool, asks: bool) -> bool:
        """pages=NULL is refused where references would be taken: fast calls, pins, GET, PIN."""
        return takes or asks

    @rule("refuse.vmas_locked", "kmod/gup.c")
    def vmas_with_locked(self, vmas: bool, locked: bool) -> bool:
        """vmas together with locked is refused: the kernel stops at it (BUG_ON)."""
        return vmas and locked

    @rule("refuse.get_and_pin", "kmod/gup.c")
    def get_and_pin(self, code: Code, get: bool, pin: bool) -> bool:
        """PIN is refused where it would be mixed with GET: fast_only, and unlocked with both."""
        if code is Code.GET_USER_PAGES_FAST_ONLY:
            return pin
        return code is Code.GET_USER_PAGES_UNLOCKED and get and pin

    @rule("refuse.no_target", "kmod/gup.c")
    def target_gone(self, alive: bool) -> bool:
        """The memory of a process that has ended is refused."""
        return not alive

    @rule("refuse.wrong_release", "kmod/held.c")
    def wrong_release(self, pin: bool, unpin: bool) -> bool:
        """A pin has to be unpinned, a reference to be put: neither in the other's way."""
        return pin != unpin
