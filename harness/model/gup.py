"""get_user_pages and get_user_pages_fast.

Source: 6.1 mm/gup.c. Both run in the calling process, on its own memory;
the module refuses first what would overrun pages[] (kmod/gup.c).
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import abi
from . import fault, hugetlb, thp
from .rules import V_WRITE, Rules
from .state import G_COMPOUND, G_DIRTY, G_NO_DATA, P_SPECIAL, State, Vma
from .vma import extent, find

EINTR, EFAULT = 4, 14
KILLED = int(abi.Mode.KILLED)
WRITE, FORCE = int(abi.Foll.WRITE), int(abi.Foll.FORCE)


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


def _take(rules: Rules, state: State, slot: int, page: int) -> None:
    """Reference a page and put it into the held set."""
    state.get(page, rules.grab())
    state.hold(slot, page)


def _may(rules: Rules, vma: Vma, write: bool, force: bool) -> bool:
    return rules.slow_may_write(vma, force) if write else rules.slow_may_read(vma, force)


def _follow(
    rules: Rules, state: State, process: int, vma: Vma, index: int, flags: int
) -> int | None:
    """follow_page_pte(): the page, or None if a fault must come first."""
    found = state.leaf(process, index)
    if found is not None:
        if not thp.follow(rules, state, process, vma, found, flags):
            return None
        return state.mapped(process, index)
    pte = state.mms[process].ptes.get(index)
    if pte is None:
        return None
    page = state.pages[pte.page]
    write = bool(flags & WRITE)
    force = bool(flags & FORCE)
    if write:
        if not rules.may_follow_write(pte.flags, vma, page.flags, force):
            return None
        if rules.slow_dirties(pte.flags, page.flags):
            state.page(state.head(pte.page)).flags |= G_DIRTY
    if not pte.flags & P_SPECIAL and not page.flags & G_COMPOUND:
        state.page_unseen(pte.page).accessed += 1
    return pte.page


def slow(
    rules: Rules,
    state: State,
    arena: Arena,
    op: abi.Op,
    addr: int,
    nr: int,
    may_retry: bool,
) -> int:
    """__get_user_pages(): how many pages were taken, or -errno.

    Args:
        op: the call; its held set may have pages already.
        addr, nr: where to go on and how far, any sign (of the slow path behind
            a fast call the rest, else the call's own).
        may_retry: locked is not NULL: a fault may let the mmap lock go.
    """
    process, slot, flags = op.process, op.slot, op.flags
    if rules.slow_nr_zero(nr):
        return 0
    addr = rules.untagged(addr)
    done = 0
    wanted = rules.slow_nr(nr)
    write = bool(flags & WRITE)
    force = bool(flags & FORCE)
    killed = bool(op.mode & KILLED)
    while True:  # do ... while (nr_pages), which 0 would pass
        index = arena.index(addr + done * abi.PAGE_SIZE)
        vma = find(state.mms[process].vmas, index) if index >= 0 else None
        if vma is None or not _may(rules, vma, write, force):
            return rules.partial(done, -EFAULT)
        if vma.file >= 0 and state.files[vma.file].secret and not rules.slow_takes_secret():
            return rules.partial(done, -EFAULT)
        if (
            hugetlb.is_hugetlb(vma)
            and write
            and not vma.flags & V_WRITE
            and not rules.huge_forced()
        ):
            return rules.partial(done, -EFAULT)
        if killed and hugetlb.is_hugetlb(vma):
            return rules.partial(done, rules.huge_interrupted())
        if rules.slow_interrupted(killed):
            return rules.partial(done, -EINTR)
        page = _follow(rules, state, process, vma, index, flags)
        if page is None:
            if not fault.handle(rules, state, process, vma, index, write, may_retry):
                return rules.partial(done, -EFAULT)
            continue
        _take(rules, state, slot, page)
        done += 1
        if done == wanted:
            return done


def _walk(rules: Rules, state: State, arena: Arena, op: abi.Op, start: int) -> int:
    """gup_pte_range(): the present prefix, without lock or VMA."""
    process, slot = op.process, op.slot
    write = bool(op.flags & WRITE)
    done = 0
    limit = rules.fast_limit(op.n)
    while done < limit:
        index = arena.index(start + done * abi.PAGE_SIZE)
        found = state.leaf(process, index) if index >= 0 else None
        if found is not None:
            if not rules.fast_permitted(found[1].flags, write):
                break
            if not op.n:
                break
            _take(rules, state, slot, state.mapped(process, index))
            done += 1
            continue
        pte = state.mms[process].ptes.get(index) if index >= 0 else None
        if pte is None or not rules.fast_permitted(pte.flags, write):
            break
        if pte.flags & P_SPECIAL and not rules.fast_takes_special():
            break
        if state.pages[pte.page].flags & G_NO_DATA and not rules.fast_takes_secret():
            break
        if write and rules.fast_dirties():
            state.page(pte.page).flags |= G_DIRTY
        _take(rules, state, slot, pte.page)
        done += 1
    return done


def fast(rules: Rules, state: State, arena: Arena, op: abi.Op) -> int:
    """internal_get_user_pages_fast(): the walk, then the slow path for the rest."""
    nr = op.n
    start = rules.untagged(op.addr) & ~(abi.PAGE_SIZE - 1)
    if rules.fast_overflow(start, nr):
        return 0
    if not rules.fast_access_ok(start, nr):
        return -EFAULT
    done = _walk(rules, state, arena, op, start)
    if not rules.fast_falls_back(done, nr):
        return done
    return go_on(rules, state, arena, op, done)


def go_on(rules: Rules, state: State, arena: Arena, op: abi.Op, done: int) -> int:
    """The slow path of a fast call, behind the pages that it has already."""
    start = rules.untagged(op.addr) & ~(abi.PAGE_SIZE - 1)
    at, nr = start + done * abi.PAGE_SIZE, op.n - done
    rest = slow(rules, state, arena, op, at, nr, rules.fast_may_retry())
    return rules.partial(done, rest) if rest < 0 else done + rest


def refusal(rules: Rules, state: State, arena: Arena, op: abi.Op) -> abi.Refused:
    """Why the module will not make this call; NONE if it will."""
    start = rules.untagged(op.addr) & ~(abi.PAGE_SIZE - 1)
    index = arena.index(start)
    reach = extent(state.mms[op.process].vmas, index) if index >= 0 else 0
    is_fast = op.code is abi.Code.GET_USER_PAGES_FAST
    if rules.over_capacity(op.n, reach, is_fast):
        return abi.Refused.CAPACITY
    if is_fast and op.n == 0 and reach and rules.walks_off_table(start, reach):
        return abi.Refused.TABLE_END
    return abi.Refused.NONE
