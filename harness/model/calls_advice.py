"""madvise: each advice is a function of one piece of one VMA.

Source: 6.1 mm/madvise.c madvise_walk_vmas.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from .. import abi
from ..abi import Code, Madv
from . import advised, guard, hugetlb, mapping, pagecache, populate, swapping, thp, zap
from . import vma as vmas
from .calls import Expected, Model, call, pages_of, value
from .registry import V_LOCKED
from .rules import Rules
from .state import G_COMPOUND, G_DIRTY, G_SWAPCACHE, P_SPECIAL, State, Vma

EINVAL, ENOMEM = 22, 12

# (model, state, operation, VMA, first page, end) -> 0 or -errno
Advice: TypeAlias = Callable[[Model, State, abi.Op, Vma, int, int], int]
ADVICE: dict[int, Advice] = {}


def advice(*kinds: Madv) -> Callable[[Advice], Advice]:
    """Register what an advice does to a piece of one VMA."""

    def register(function: Advice) -> Advice:
        for kind in kinds:
            ADVICE[int(kind)] = function
        return function

    return register


@call(Code.MADVISE)
def _madvise(model: Model, state: State, op: abi.Op) -> Expected:
    unknown = model.rules.advice_error(op.flags)
    if unknown:
        return value(unknown)
    if model.rules.range_starts_badly(op.addr):
        return value(-EINVAL)
    start, end = pages_of(model, op)
    covered = 0
    at = start
    populates = op.flags in (Madv.POPULATE_READ, Madv.POPULATE_WRITE)
    for found in vmas.overlapping(state.mms[op.process].vmas, start, end):
        low, high = max(found.start, start), min(found.end, end)
        if low > at and not model.rules.madvise_goes_on(populates):
            return value(-ENOMEM)
        error = ADVICE[op.flags](model, state, op, found, low, high)
        if error:
            return value(error)
        covered += high - low
        at = high
    return value(0 if covered == end - start else -ENOMEM)


@advice(Madv.DONTNEED, Madv.DONTNEED_LOCKED)
def _dontneed(model: Model, state: State, op: abi.Op, vma: Vma, start: int, end: int) -> int:
    last: int | None = end
    if hugetlb.is_hugetlb(vma):
        last = model.rules.huge_dontneed(start, end)
    elif not model.rules.may_discard(vma, op.flags == Madv.DONTNEED_LOCKED):
        return -EINVAL
    if last is None:
        return -EINVAL
    zap.own(model.rules, state, op.process, start, last)
    zap.tables(model.rules, state, op.process, start, last)
    return 0


@advice(Madv.FREE)
def _free(model: Model, state: State, op: abi.Op, vma: Vma, start: int, end: int) -> int:
    rules = model.rules
    if not rules.may_discard(vma, False) or not rules.may_free(vma):
        return -EINVAL
    state.drained()
    mm = state.mms[op.process]
    for index in sorted(number for number in mm.absent if start <= number < end):
        if swapping.is_swapped(mm.absent[index]) and rules.free_drops_entries():
            swapping.zap(rules, state, op.process, index)
    at = start
    while at < end:
        table_end = min((at & -abi.HUGE_PAGES) + abi.HUGE_PAGES, end)
        if not _free_leaf(rules, state, op.process, at, table_end):
            _free_small(rules, state, op.process, at, table_end)
        at = table_end
    return 0


def _free_small(rules: Rules, state: State, process: int, start: int, end: int) -> None:
    """madvise_free_pte_range(), of one page table."""
    ptes = state.mms[process].ptes
    index = start - 1
    while (index := index + 1) < end:
        if index not in ptes:
            continue
        if state.pages[ptes[index].page].flags & G_COMPOUND:
            number = ptes[index].page
            head = state.pages[state.head(number)]
            asked = state.pages[number] if rules.free_asks_page() else head
            alone = rules.free_splits(asked.map + head.entire)
            found = advised.large(rules, state, process, index, end, alone)
            if found.whole:
                _free_whole(rules, state, process, index, found.whole)
            if found.whole or found.skip:
                index += found.whole + found.skip - 1
                continue
        flags, number = ptes[index]
        seen = state.pages[number]
        if flags & P_SPECIAL or rules.free_spares(seen.flags, seen.map):
            continue
        if seen.flags & G_SWAPCACHE and not swapping.free(rules, state, number):
            continue
        state.set_pte(process, index, rules.freed_pte(flags), number)
        page = state.page(number)
        page.flags = rules.freed_flags(page.flags, _locked(state, number))
        state.accessed(number, 2)  # a batch has it, and a reference, until it is drained


def _free_whole(rules: Rules, state: State, process: int, start: int, count: int) -> None:
    """The same of a huge page that all of these entries map."""
    head = state.head(state.mms[process].ptes[start].page)
    if state.pages[head].flags & G_DIRTY and state.total_map(head) != count:
        return
    for index in range(start, start + count):
        flags, number = state.mms[process].ptes[index]
        state.set_pte(process, index, rules.freed_pte(flags), number)
    page = state.page(head)
    page.flags = rules.freed_flags(page.flags, _locked(state, head))


def _free_leaf(rules: Rules, state: State, process: int, start: int, end: int) -> bool:
    """madvise_free_huge_pmd(); False if small pages are left to free."""
    leaf = state.leaf(process, start)
    if leaf is None:
        return False
    first, (flags, head) = leaf
    if rules.free_spares_leaf(state.total_map(head)):
        return True
    if end - start < abi.HUGE_PAGES:
        return not thp.split_page(rules, state, head)
    state.set_pte(process, first, rules.freed_pte(flags), head)
    page = state.page(head)
    page.flags = rules.freed_flags(page.flags, _locked(state, head))
    return True


def _locked(state: State, page: int) -> bool:
    """Does anybody have the page in locked memory (PG_unevictable)?"""
    return any(
        pte.page == page and vma.start <= index < vma.end
        for mm in state.mms.values()
        for vma in mm.vmas
        if vma.flags & V_LOCKED
        for index, pte in mm.ptes.items()
    )


@advice(Madv.POPULATE_READ, Madv.POPULATE_WRITE)
def _populate(model: Model, state: State, op: abi.Op, vma: Vma, start: int, end: int) -> int:
    write = op.flags == Madv.POPULATE_WRITE
    return populate.advised(model.rules, state, op.process, vma, start, end, write)


@advice(Madv.GUARD_INSTALL)
def _guard(model: Model, state: State, op: abi.Op, vma: Vma, start: int, end: int) -> int:
    if not model.rules.may_guard(vma):
        return -EINVAL
    guard.install(model.rules, state, op.process, vma, start, end)
    return 0


@advice(Madv.REMOVE)
def _remove(model: Model, state: State, op: abi.Op, vma: Vma, start: int, end: int) -> int:
    error = model.rules.remove_error(vma)
    if not error and state.is_secret(vma.file):
        return model.rules.secret_fallocate()
    if not error:
        entry = state.files[vma.file]
        error = model.rules.fallocate_denied(entry.writable, entry.disk is not None)
    if not error and state.device(vma.file) is not None:
        error = model.rules.device_error(Code.FALLOCATE)
    if not error:
        first = vma.pgoff + start - vma.start
        last = first + end - start
        pagecache.punch(model.rules, state, vma.file, first << 12, last << 12)
    return error


@advice(Madv.HUGEPAGE, Madv.NOHUGEPAGE)
def _advise_huge(model: Model, state: State, op: abi.Op, vma: Vma, start: int, end: int) -> int:
    """hugepage_madvise()."""
    flags = model.rules.thp_advised(vma.flags, op.flags == Madv.HUGEPAGE)
    if flags == vma.flags:
        return 0
    if hugetlb.splits_badly(model.rules, vma, start, end):
        mapping.cut_first(model.rules, state, op.process, start)
        return -EINVAL
    mapping.change(model.rules, state, op.process, vma, start, end, flags, vma.account)
    return 0
