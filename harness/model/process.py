"""Processes: fork and exit, as far as memory goes.

Source: 6.1 kernel/fork.c dup_mmap, mm/memory.c copy_page_range, mm/mmap.c exit_mmap.
"""

from __future__ import annotations

from ..abi import ARENA_PAGES_MAX, HUGE_PAGES
from . import (
    calls_blocking,
    contpte,
    family,
    guard,
    hugetlb,
    memtypes,
    outside,
    pagecache,
    swapping,
    thp,
    zap,
)
from .rules import V_SHARED, Rules, is_cow
from .rules_frames import V_PAT
from .state import (
    G_ANON,
    G_EXCLUSIVE,
    P_HUGE,
    P_SPECIAL,
    Mm,
    Pte,
    State,
    Vma,
    rss_of,
)

_EVERYTHING = 1 << 32


def fork(rules: Rules, state: State, parent: int, child: int) -> bool:
    """Give process `child` a copy of process `parent`'s memory; False: it cannot be copied."""
    mm = Mm()
    state.mms[child] = mm
    state.parents[child] = parent
    state.touched.update((("r", child), ("v", child)))
    for vma in state.mms[parent].vmas:
        anon_vma = state.new_id() if vma.anon_vma else 0
        flags = rules.fork_unregisters(rules.fork_vma_flags(vma.flags))
        copy = vma._replace(flags=flags, anon_vma=anon_vma, singular=False)
        mm.vmas.append(copy)
        if vma.flags & V_PAT and not memtypes.fork(rules, state, parent, vma):
            _forget(rules, state, child)
            return False
        if rules.fork_copies(vma):
            if not hugetlb.is_hugetlb(vma):
                _copy(rules, state, parent, child, vma)
            elif not hugetlb.fork(rules, state, parent, child, vma):
                _forget(rules, state, child)
                return False
    outside.fork(rules, state, parent, child)
    mm.gained = mm.lost = 0  # what fork counts is nobody's to tell later
    return True


def _forget(rules: Rules, state: State, child: int) -> None:
    """The memory of a child that never was; what copying it did to the parent's stays."""
    zap.range_(rules, state, child, 0, _EVERYTHING, unmapping=True)
    del state.mms[child], state.parents[child]
    memtypes.collect(rules, state)
    state.touched -= {("r", child), ("v", child)}


def _copy(rules: Rules, state: State, parent: int, child: int, vma: Vma) -> None:
    """copy_page_range() over one VMA: its page tables, empty ones too."""
    tables = state.mms[parent].tables
    low, high = vma.start & -HUGE_PAGES, vma.end
    state.mms[child].tables |= {first for first in tables if low <= first < high}
    ptes = state.mms[parent].ptes
    folded = set(state.mms[parent].folded)
    for index in sorted(number for number in ptes if vma.start <= number < vma.end):
        _copy_one(rules, state, parent, child, vma, index, ptes[index])
    contpte.stay(state, parent, folded)
    contpte.fold(rules, state, child, vma.start, vma.end)
    swapping.fork(rules, state, parent, child, vma)
    guard.fork(rules, state, parent, child, vma)


def _copy_one(
    rules: Rules, state: State, parent: int, child: int, vma: Vma, index: int, pte: Pte
) -> None:
    """copy_present_pte()."""
    copies = not pte.flags & P_SPECIAL and _is_pinned(rules, state, parent, pte.page)
    if pte.flags & P_HUGE:
        if not copies:
            thp.fork(rules, state, parent, child, index, pte)
            return
        thp.split(rules, state, parent, vma, index)
        for number in range(index, index + HUGE_PAGES):
            small = state.mms[parent].ptes[number]
            _copy_one(rules, state, parent, child, vma, number, small)
        return
    special = bool(pte.flags & P_SPECIAL)
    if copies:
        _copy_pinned(rules, state, child, vma, index, pte.page)
        return
    shared = rules.fork_counts(special)
    page = state.page(pte.page)
    state.get(pte.page, shared)
    page.map += shared
    if shared:
        state.count(child, rss_of(page.flags), shared)
        if page.flags & G_ANON:
            page.flags = rules.fork_shared_flags(page.flags)
        if state.pages[state.head(pte.page)].owners:
            thp.own(rules, state, child, state.head(pte.page))
    flags = pte.flags
    if is_cow(vma):
        flags = rules.fork_parent_pte(flags)
        state.set_pte(parent, index, flags, pte.page)
    child_pte = rules.fork_child_shared_pte if vma.flags & V_SHARED else rules.fork_child_pte
    flags = rules.uffd_forked_pte(child_pte(flags))
    state.set_pte(child, index, flags, pte.page)


def _is_pinned(rules: Rules, state: State, parent: int, number: int) -> bool:
    """page_needs_cow_for_dma() of an anonymous page that is exclusive."""
    page, head = state.pages[number], state.pages[state.head(number)]
    flags = head.flags & G_ANON | page.flags & G_EXCLUSIVE
    pins = head.pins if rules.pins_apart(head.size) else None
    return rules.fork_copies_page(state.mms[parent].has_pinned, flags, head.ref, pins)


def _copy_pinned(rules: Rules, state: State, child: int, vma: Vma, index: int, page: int) -> None:
    """copy_present_page(): the child gets a page of its own, the parent keeps what it has."""
    content = state.pages[page].content
    state.map_anon(child, index, rules.fork_copied_pte(vma), content)


def end(rules: Rules, state: State, process: int, signal: int = 0) -> None:
    """The end of a process, by itself or by a signal: its memory goes, its parent is told."""
    exit_(rules, state, process)
    family.ended(rules, state, process, signal)


def exit_(rules: Rules, state: State, process: int) -> None:
    """The end of a process's memory: everything is unmapped, its mm is gone."""
    calls_blocking.interrupt(rules, state, process)
    if rules.exit_waits(calls_blocking.has_memory(state, process)):
        state.dead.add(process)
        return
    zap.range_(rules, state, process, 0, _EVERYTHING, unmapping=True)
    outside.leave(state, process)
    hugetlb.release(state, process, 0, ARENA_PAGES_MAX)
    mm = state.mms[process]
    mm.alive = False
    state.set_vmas(process, [])
    memtypes.collect(rules, state)
    state.touched.add(("r", process))
    pagecache.drop_unmapped(rules, state)


def bury(rules: Rules, state: State) -> None:
    """Memory of dead processes goes as soon as no sleeping call has it any more (mmput)."""
    for process in sorted(state.dead):
        if not calls_blocking.has_memory(state, process):
            state.dead.discard(process)
            exit_(rules, state, process)
