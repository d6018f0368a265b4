"""The calls of the get_user_pages family, from their arguments to what they return.

Source: 6.1 mm/gup.c. What the module refuses first: kmod/gup.c.
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import abi
from ..abi import Code, Foll
from . import device, fault, hugetlb, outside, stack, swapping, thp
from .registry import V_IO, V_PFNMAP, is_cow
from .rules import V_WRITE, Rules
from .state import (
    G_COMPOUND,
    G_DIRTY,
    G_MAPPING,
    G_NO_DATA,
    G_UPTODATE,
    P_SPECIAL,
    P_WRITE,
    ZERO_PAGE,
    Pte,
    State,
    Vma,
)
from .vma import find
from .waiting import Sleeps

EINTR, EFAULT, EINVAL = 4, 14, 22
_FAULTS_MAX = 8
# Plain numbers: an enum's operators are slow.
KILLED = int(abi.Mode.KILLED)
NO_PAGES, LOCKED, VMAS = int(abi.Get.NO_PAGES), int(abi.Get.LOCKED), int(abi.Get.VMAS)
WRITE, FORCE, NOWAIT = int(Foll.WRITE), int(Foll.FORCE), int(Foll.NOWAIT)
SPLIT_PMD = int(Foll.SPLIT_PMD)
HWPOISON = int(Foll.HWPOISON)
LONGTERM, ANON, GET, PIN = int(Foll.LONGTERM), int(Foll.ANON), int(Foll.GET), int(Foll.PIN)
FAST = frozenset(
    {Code.GET_USER_PAGES_FAST, Code.GET_USER_PAGES_FAST_ONLY, Code.PIN_USER_PAGES_FAST}
)
PINNING = frozenset({Code.PIN_USER_PAGES, Code.PIN_USER_PAGES_FAST})


def _again(faults: int) -> int:
    """One more fault at the same page: a kernel needs two at most, wrong rules may never end.

    Raises:
        RuntimeError: the rules contradict each other.
    """
    if faults == _FAULTS_MAX:
        raise RuntimeError("the model faults at one page for ever")
    return faults + 1


@dataclass(frozen=True, slots=True)
class Arena:
    """Where the arena lies: addresses outside it are holes to the model.

    Attributes:
        start: bytes.
        pages: size in pages.
    """

    start: int
    pages: int

    def index(self, addr: int) -> int:
        """Page of the arena that an address lies in; -1 outside."""
        page = (addr - self.start) >> abi.PAGE_SHIFT
        return page if 0 <= page < self.pages else -1


def is_pin(op: abi.Op) -> bool:
    """Are the pages that a call gets pins, to be given back by unpin_user_page?"""
    if op.code is Code.GET_USER_PAGES_UNLOCKED:
        return bool(op.flags & PIN)
    return op.code in PINNING


def target(op: abi.Op) -> int:
    """The process whose memory a call is about."""
    return op.index if op.code is Code.GET_USER_PAGES_REMOTE else op.process


def pin(rules: Rules, state: State, page: int) -> None:
    """FOLL_PIN: of a large page references and pins are counted apart."""
    large = rules.pins_apart(state.pages[state.head(page)].size)
    refs, pins = rules.pin_adds(page == ZERO_PAGE, large)
    state.get(page, refs)
    state.page(state.head(page)).pins += pins


def unpin(rules: Rules, state: State, page: int) -> None:
    """unpin_user_page()."""
    large = rules.pins_apart(state.pages[state.head(page)].size)
    refs, pins = rules.unpin_drops(page == ZERO_PAGE, large)
    state.page(state.head(page)).pins -= pins
    state.put(page, refs)


class Getter:
    """One call on its way through a state.

    Attributes:
        process: whose memory it is.
        write, force: FOLL_WRITE, FOLL_FORCE.
        pin: FOLL_PIN, else FOLL_GET.
        remote: FOLL_REMOTE.
        touches: FOLL_TOUCH.
        keep: pages is not NULL.
        retries: the kernel may let the mmap lock go (locked is not NULL).
        dropped: it did.
        gates: pages of the vsyscall page that were taken.
        error: of the page that ``page`` could not get.
        copied: the page at hand was copied, or could be written in place (FOLL_COW).
        killed: SIGKILL is pending.
    """

    __slots__ = (
        "arena",
        "copied",
        "dropped",
        "error",
        "flags",
        "force",
        "gates",
        "keep",
        "killed",
        "pin",
        "process",
        "remote",
        "retries",
        "rules",
        "slot",
        "state",
        "touches",
        "write",
    )

    def __init__(self, rules: Rules, state: State, arena: Arena, op: abi.Op) -> None:
        self.rules = rules
        self.state = state
        self.arena = arena
        self.process = target(op)
        self.slot = op.slot
        self.flags = op.flags
        self.write = bool(op.flags & WRITE)
        self.force = bool(op.flags & FORCE)
        self.remote = op.code is Code.GET_USER_PAGES_REMOTE
        self.pin = is_pin(op)
        self.keep = not op.aux & NO_PAGES
        self.touches = rules.touches(op.code, bool(op.flags & LONGTERM))
        self.retries = self._may_retry(op)
        self.dropped = False
        self.gates = 0
        self.error = -EFAULT
        self.copied = False
        self.killed = bool(op.mode & KILLED)

    def _may_retry(self, op: abi.Op) -> bool:
        """Is locked not NULL inside the kernel?"""
        if op.code in FAST:
            longterm = bool(op.flags & LONGTERM)
            return self.rules.fast_may_retry() and (not longterm or self.rules.longterm_may_retry())
        if op.code is Code.GET_USER_PAGES_UNLOCKED or op.aux & LOCKED:
            return self.rules.locked_may_retry()
        return self.rules.slow_may_retry()

    def remember(self) -> None:
        """mm_set_has_pinned_flag()."""
        mm = self.state.mms[self.process]
        if self.pin and not mm.has_pinned:
            mm.has_pinned = self.rules.remembers_pins()

    def _take(self, page: int, frame: bool = False) -> None:
        """Reference a page and put it into the held set; of a frame that is none nothing."""
        if not self.keep:
            return
        if frame:
            self.state.hold_nothing(self.slot)
            return
        if self.pin:
            pin(self.rules, self.state, page)
        else:
            self.state.get(page, self.rules.grab())
        self.state.hold(self.slot, page, pin=self.pin)

    def _take_outside(self, addr: int) -> bool:
        """A page that the kernel has outside the arena: taken, or -EFAULT."""
        gate = outside.is_gate(addr)
        if self.flags & ANON and not self.rules.anon_outside(gate):
            return False
        page = outside.follow(
            self.rules,
            self.state,
            self.process,
            addr,
            write=self.write,
            force=self.force,
            pin=self.pin,
            remote=self.remote,
        )
        if page is None:
            return False
        self._take(page)
        self.gates += gate
        return True

    def may(self, vma: Vma) -> bool:
        """check_vma_flags()."""
        if self.flags & ANON and not self.rules.anon_only(vma):
            return False
        if self.state.is_secret(vma.file) and not self.rules.slow_takes_secret():
            return False
        if vma.flags & (V_IO | V_PFNMAP) and not self.rules.takes_io():
            return False
        if self.write and not self._may_write_longterm(vma):
            return False
        huge = hugetlb.is_hugetlb(vma)
        if self.write and huge and not vma.flags & V_WRITE and not self.rules.huge_forced():
            return False
        if self.write:
            return self.rules.slow_may_write(vma, self.force)
        return self.rules.slow_may_read(vma, self.force)

    def _may_write_longterm(self, vma: Vma) -> bool:
        """writable_file_mapping_allowed()."""
        longterm = self.pin and bool(self.flags & LONGTERM)
        file = self.state.files.get(vma.file)
        tracked = file is not None and file.disk is not None
        return self.rules.may_write_longterm(vma, longterm, tracked)

    def _may_write(self, vma: Vma, pte: Pte) -> bool:
        """can_follow_write_pte()."""
        page = self.state.pages[pte.page].flags
        if not self.rules.may_follow_write(pte.flags, vma, page, self.force, self.copied):
            return False
        return not self.rules.uffd_protects(pte.flags, vma)

    def _unshares(self, pte_flags: int, page_flags: int, cow: bool) -> bool:
        """gup_must_unshare(), of a mapping that may become writable and is private."""
        if pte_flags & P_WRITE:
            return False
        if self.rules.must_unshare(self.pin, self.write, page_flags):
            return True
        longterm = self.pin and not self.write and bool(self.flags & LONGTERM)
        return longterm and self.rules.longterm_unshares(page_flags, cow)

    def _follow(self, vma: Vma, index: int) -> int | None:
        """follow_page_pte(): the page, or None if a fault must come first."""
        rules, state = self.rules, self.state
        leaf = state.leaf(self.process, index)
        if leaf is not None and not self._splits(vma, leaf):
            return self._follow_leaf(vma, leaf, index)
        pte = state.mms[self.process].ptes.get(index)
        if pte is None:
            return None
        page = state.pages[pte.page]
        if self.write and not self._may_write(vma, pte):
            return None
        if pte.flags & P_SPECIAL and pte.page != ZERO_PAGE:  # is_frame()
            if self.touches:
                flags = rules.touched_special(pte.flags, self.write, self.keep and not self.pin)
                state.set_pte(self.process, index, flags, pte.page)
            return pte.page
        if self._unshares(pte.flags, page.flags, is_cow(vma)):
            return None
        if self.touches:
            if self.write and rules.slow_dirties(pte.flags, page.flags):
                state.page(state.head(pte.page)).flags |= G_DIRTY
            if not pte.flags & P_SPECIAL and not page.flags & G_COMPOUND:
                state.accessed(pte.page)
        return pte.page

    def is_frame(self, index: int) -> bool:
        """Is that entry a frame that is no page to the kernel (and not the zero page)?"""
        pte = self.state.mms[self.process].ptes.get(index)
        return pte is not None and bool(pte.flags & P_SPECIAL) and pte.page != ZERO_PAGE

    def _splits(self, vma: Vma, leaf: tuple[int, Pte]) -> bool:
        """FOLL_SPLIT_PMD: a transparent huge page is followed at the PTE level."""
        if self.state.pages[leaf[1].page].hugetlb:
            return False
        if not self.rules.splits_leaf(bool(self.flags & SPLIT_PMD)):
            return False
        thp.split(self.rules, self.state, self.process, vma, leaf[0])
        return True

    def _follow_leaf(self, vma: Vma, leaf: tuple[int, Pte], index: int) -> int | None:
        """follow_trans_huge_pmd(), follow_hugetlb_page(): the same above the PTE level."""
        rules, state = self.rules, self.state
        if self._unshares(leaf[1].flags, state.pages[leaf[1].page].flags, is_cow(vma)):
            return None
        copied = self.copied
        if not thp.follow(rules, state, self.process, vma, leaf, self.flags, self.touches, copied):
            return None
        return state.mapped(self.process, index)

    def _fault(self, vma: Vma, index: int) -> int | None:
        """faultin_page(): 0, -errno, or None where NOWAIT would have to wait."""
        rules, state, process = self.rules, self.state, self.process
        write, nowait = self.write, bool(self.flags & NOWAIT)
        leaf = state.leaf(process, index)
        if not write and leaf is not None and not hugetlb.is_hugetlb(vma):
            thp.unshare(rules, state, process, vma, leaf)
            return 0
        if not write and leaf is not None:
            return 0 if hugetlb.unshare(rules, state, process, vma, index) else -EFAULT
        if not write and index in state.mms[process].ptes:
            fault.unshare(rules, state, process, vma, index)
            return 0
        lets_go = self._lets_go(vma, index)
        mapped = self._has_entry(index)
        may_retry = self.retries or nowait
        try:
            there = fault.handle(rules, state, process, vma, index, write, may_retry)
        except Sleeps:
            if rules.nowait_returns(nowait):
                return None
            raise
        except device.Failed as failed:
            return rules.fault_errno(failed.code, bool(self.flags & HWPOISON))
        self.dropped |= there and lets_go
        self.copied |= there and write and mapped and not vma.flags & V_WRITE
        return 0 if there else -EFAULT

    def _has_entry(self, index: int) -> bool:
        """Is a page mapped there, or in swap? Then a write fault is one of copying."""
        mm = self.state.mms[self.process]
        if index in mm.ptes or swapping.is_swapped(mm.absent.get(index)):
            return True
        return self.state.leaf(self.process, index) is not None

    def _lets_go(self, vma: Vma, index: int) -> bool:
        """Will the fault let the mmap lock go?"""
        if vma.file < 0 or self.state.device(vma.file) is not None:
            return False
        if swapping.is_swapped(self.state.mms[self.process].absent.get(index)):
            return False
        file = self.state.files[vma.file]
        offset = vma.pgoff + index - vma.start
        page = file.cache.get(offset)
        waits = self.retries and not self.flags & NOWAIT
        absent = index not in self.state.mms[self.process].ptes
        unread = absent and (page is None or not self.state.pages[page].flags & G_UPTODATE)
        if self.rules.read_lets_go(unread and file.disk is not None, waits):
            return True
        if page is None:
            clean = offset not in file.swapped
        else:
            clean = not self.state.pages[page].flags & G_DIRTY
        dirties = self.write and (clean or file.disk is not None)
        return self.rules.fault_lets_go(vma, dirties, waits)

    def _find(self, index: int) -> Vma | None:
        """find_extend_vma()."""
        if index < 0:
            return None
        vma = find(self.state.mms[self.process].vmas, index)
        if vma is None and self.rules.gup_grows_stack():
            vma = stack.grow(self.rules, self.state, self.process, index)
        return vma

    def _turned_down(self, vma: Vma | None) -> int:
        """Why nothing of a mapping is taken; 0: it may be."""
        if vma is None or not self.may(vma):
            return -EFAULT
        if self.flags & SPLIT_PMD and hugetlb.is_hugetlb(vma):
            error = self.rules.split_huge_error()
            if error:
                return error
        if self.killed and hugetlb.is_hugetlb(vma):
            return self.rules.huge_interrupted()
        return 0

    def slow(self, addr: int, nr: int) -> int:
        """__get_user_pages_locked(): how many pages were taken, or -errno.

        Args:
            addr, nr: where to go on and how far, any sign (of the slow path behind
                a fast call the rest, else the call's own).
        """
        rules = self.rules
        self.remember()
        if rules.slow_nr_zero(nr):
            return 0
        addr = rules.untagged(addr)
        done = 0
        wanted = rules.slow_nr(nr)
        faults = 0
        vma: Vma | None = None
        index_of = self.arena.index
        while True:  # do ... while (nr_pages), which 0 would pass
            at = addr + done * abi.PAGE_SIZE
            index = index_of(at)
            if vma is None or not vma.start <= index < vma.end:
                vma = self._find(index)
                if vma is None and self._take_outside(at):
                    done += 1
                    if done == wanted:
                        return done
                    continue
                error = self._turned_down(vma)
                if vma is None or error:
                    return rules.partial(done, error)
            if rules.slow_interrupted(self.killed):
                return rules.partial(done, -EINTR)
            page = self._follow(vma, index)
            if page is None:
                fault_error = self._fault(vma, index)
                if fault_error == 0:
                    faults = _again(faults)
                    vma = self._find(index)  # it may have an anon_vma now
                    continue
                return done if fault_error is None else rules.partial(done, fault_error)
            frame = self.is_frame(index)
            error = rules.follows_special(self.keep, self.pin) if frame else 0
            if error:
                return rules.partial(done, error)
            self._take(page, frame)
            self.copied = False
            faults = 0
            done += 1
            if done == wanted:
                return done

    def page(self, index: int) -> int | None:
        """The page that the call would get there, without a reference; None where it cannot."""
        faults = 0
        self.copied = False
        while True:
            vma = self._find(index)
            if vma is None or not self.may(vma):
                return None
            page = self._follow(vma, index)
            if page is not None:
                return page
            error = self._fault(vma, index)
            if error:
                self.error = error
            if error != 0:
                return None
            faults = _again(faults)

    def _walks_leaf(self, leaf: Pte, nr: int) -> bool:
        """gup_huge_pmd()."""
        if not self.rules.fast_permitted(leaf.flags, bool(self.flags & WRITE)):
            return False
        if not nr and not self.rules.leaf_takes_zero():
            return False
        return not self._unshares(leaf.flags, self.state.pages[leaf.page].flags, True)

    def _walks_unmapped(self, page: int) -> bool:
        """gup_fast_folio_allowed(), of a page in no mapping."""
        flags = self.state.pages[page].flags
        if flags & G_MAPPING:
            return True
        written = self.pin and self.write and bool(self.flags & LONGTERM)
        return self.rules.fast_takes_unmapped(not flags & G_COMPOUND, written)

    def _walk(self, start: int, nr: int) -> int:
        """gup_pte_range(): the present prefix, without lock or VMA."""
        rules, state = self.rules, self.state
        write = bool(self.flags & WRITE)
        done = 0
        limit = rules.fast_limit(nr)
        while done < limit:
            index = self.arena.index(start + done * abi.PAGE_SIZE)
            leaf = state.leaf(self.process, index) if index >= 0 else None
            if leaf is not None:
                if not self._walks_leaf(leaf[1], nr):
                    break
                self._take(state.mapped(self.process, index))
                done += 1
                continue
            page = outside.mapped(state, self.process, start + done * abi.PAGE_SIZE)
            if page is not None and not write and self._walks_unmapped(page):
                self._take(page)
                done += 1
                continue
            pte = state.mms[self.process].ptes.get(index) if index >= 0 else None
            if pte is None or not rules.fast_permitted(pte.flags, write):
                break
            if pte.flags & P_SPECIAL and not rules.fast_takes_special():
                break
            if state.pages[pte.page].flags & G_NO_DATA and not rules.fast_takes_secret():
                break
            if not self._walks_unmapped(pte.page):
                break
            if self._unshares(pte.flags, state.pages[pte.page].flags, True):
                break
            vma = find(state.mms[self.process].vmas, index)
            if write and vma is not None and not self._may_write_longterm(vma):
                break
            if write and rules.fast_dirties():
                state.page(state.head(pte.page)).flags |= G_DIRTY
            self._take(pte.page)
            done += 1
        return done

    def fast(self, op: abi.Op) -> int:
        """internal_get_user_pages_fast(): the walk, then the slow path for the rest."""
        rules, nr = self.rules, op.n
        self.remember()
        start = rules.untagged(op.addr) & ~(abi.PAGE_SIZE - 1)
        if rules.fast_overflow(start, nr):
            return rules.fast_overflow_result()
        if not rules.fast_access_ok(start, nr):
            return -EFAULT
        done = self._walk(start, nr)
        if op.code is Code.GET_USER_PAGES_FAST_ONLY and not rules.fast_only_falls_back():
            return done
        if not rules.fast_falls_back(done, nr):
            return done
        return self.go_on(op, done)

    def go_on(self, op: abi.Op, done: int) -> int:
        """The rest of a call, behind the pages that it has already."""
        start = self.rules.untagged(op.addr) & ~(abi.PAGE_SIZE - 1)
        rest = self.slow(start + done * abi.PAGE_SIZE, op.n - done)
        return self.rules.partial(done, rest) if rest < 0 else done + rest
