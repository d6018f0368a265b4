"""Mappings as wholes: taking them away, changing their flags, moving them.

Source: 6.1 mm/mmap.c, mm/mremap.c.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..abi import HUGE_PAGES
from . import batches, contpte, hugetlb, memtypes, pagecache, thp, vma, zap
from .rules import Rules
from .state import P_HUGE, State, Vma


def pieces(
    state: State, process: int, start: int, end: int
) -> Iterator[tuple[Vma | None, int, int]]:
    """What a call that goes VMA by VMA meets in a range, with the part of it that lies there.

    Yields:
        Each as the list has it when its turn comes; None for a page of a hole.
    """
    at = start
    while at < end:
        found = vma.find(state.mms[process].vmas, at)
        stop = min(found.end, end) if found is not None else at + 1
        yield found, at, stop
        at = stop


def unmap(rules: Rules, state: State, process: int, start: int, end: int) -> None:
    """do_munmap(): zap what is there, then forget it."""
    vma.split(state, process, start, end)
    zap.own(rules, state, process, start, end, unmapping=True)
    hugetlb.release(state, process, start, end)
    mm = state.mms[process]
    state.set_vmas(process, vma.cut(mm.vmas, start, end))
    memtypes.collect(rules, state)
    # free_pgtables(): a page table goes with the last mapping that lies in it
    mm.tables = {at for at in mm.tables if vma.overlapping(mm.vmas, at, at + HUGE_PAGES)}
    pagecache.drop_unmapped(rules, state)


def unmapped(rules: Rules, state: State, process: int, start: int, end: int) -> bool:
    """The same, but where it would cut a huge page of hugetlb: False, and nothing is unmapped.

    Nor is anything split where there is nothing to unmap.
    """
    if start == end:
        return True
    found = vma.overlapping(state.mms[process].vmas, start, end)
    if any(hugetlb.splits_badly(rules, each, start, end) for each in found):
        cut_first(rules, state, process, start)
        return False
    unmap(rules, state, process, start, end)
    return True


def cut_first(rules: Rules, state: State, process: int, start: int) -> None:
    """A range's end cannot be cut off its VMA; the beginning was before, if it could be."""
    vmas = state.mms[process].vmas
    found = vma.find(vmas, start)
    if found is None or found.start == start or hugetlb.splits_badly(rules, found, start, start):
        return
    if rules.huge_cut_stays():
        halves = [vma.part(found, found.start, start), vma.part(found, start, found.end)]
        state.set_vmas(process, sorted([*(each for each in vmas if each is not found), *halves]))


def change(
    rules: Rules,
    state: State,
    process: int,
    found: Vma,
    start: int,
    end: int,
    flags: int,
    account: bool,
) -> Vma:
    """Give a piece of one VMA other flags: it is split off, or merged with neighbours."""
    thp.split_edges(rules, state, process, found, start, end)
    changed = vma.part(found, start, end)._replace(flags=flags, account=account)
    rest = vma.cut(state.mms[process].vmas, start, end)
    state.set_vmas(process, vma.insert(rules, rest, changed))
    return changed


def _split(
    rules: Rules, state: State, process: int, found: Vma, start: int, end: int, to: int
) -> None:
    """Leaves that cannot stay so where they go become PTEs first."""
    ptes = state.mms[process].ptes
    low = start & -HUGE_PAGES
    for first in sorted(index for index in ptes if low <= index < end):
        pte = ptes[first]
        if not pte.flags & P_HUGE or state.pages[pte.page].hugetlb:
            continue
        whole = start <= first and first + HUGE_PAGES <= end
        if not rules.moves_leaf(whole, to - start):
            thp.split(rules, state, process, found, first)


def move(
    rules: Rules, state: State, process: int, found: Vma, start: int, end: int, to: int, size: int
) -> None:
    """move_vma(): a piece of one VMA goes elsewhere, where `size` pages are unmapped."""
    same = found.pgoff + start - found.start
    pgoff = rules.moved_pgoff(found, to, same)
    flags = rules.moved_flags(found.flags)
    there = found._replace(start=to, end=to + size, pgoff=pgoff, flags=flags)
    mm = state.mms[process]
    state.change_vma(process, found, found._replace(flags=rules.moved_from_flags(found.flags)))
    _split(rules, state, process, found, start, end, to)
    hugetlb.move(state, process, start, end, to)
    state.set_vmas(process, vma.insert(rules, mm.vmas, there))
    batches.move(rules, state, process, start, end)
    for index in sorted(number for number in mm.ptes if start <= number < end):
        bits, page = mm.ptes[index]
        state.clear_pte(process, index)
        bits = rules.uffd_moved_pte(rules.moved_pte(bits))
        state.set_pte(process, index - start + to, bits, page)
    contpte.fold(rules, state, process, to, to + end - start)
    for index in sorted(number for number in mm.absent if start <= number < end):
        flags, slot = mm.absent[index]
        flags = rules.uffd_moved_pte(flags)
        state.clear_absent(process, index)
        if flags:
            state.set_absent(process, index - start + to, flags, slot)
    unmap(rules, state, process, start, end)
