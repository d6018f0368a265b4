"""Transparent huge pages: whole leaves of private anonymous memory that asked for them.

Where a leaf does not fit any more it becomes a table of PTEs; the compound
page stays one, mapped page by page. Source: 6.1 mm/huge_memory.c.
"""

from __future__ import annotations

from ..abi import HUGE_PAGES, Foll, PageFlag
from . import contpte
from .content import EMPTY
from .registry import V_LOCKED, V_SHARED
from .rules import Rules
from .state import (
    ANON,
    G_COMPOUND,
    G_DIRTY,
    G_EXCLUSIVE,
    NEW_ANON,
    P_DIRTY,
    P_HUGE,
    P_UFFD_WP,
    P_WRITE,
    ZERO_PAGE,
    Pte,
    State,
    Vma,
)
from .vma import find, prepare_anon

NEW_HUGE = NEW_ANON | int(PageFlag.COMPOUND)


def _suits(rules: Rules, state: State, process: int, vma: Vma, first: int) -> bool:
    """Does an empty place take a leaf? Nothing smaller may have been there."""
    fits = vma.start <= first and first + HUGE_PAGES <= vma.end
    anonymous = vma.file < 0 and not vma.flags & V_SHARED
    empty = first not in state.mms[process].tables
    return anonymous and rules.thp_wanted(vma.flags, fits, empty)


def wants_leaf(rules: Rules, state: State, process: int, vma: Vma, index: int) -> bool:
    """Would a fault there map a new leaf?"""
    if state.leaf(process, index) is not None:
        return False
    return _suits(rules, state, process, vma, index & -HUGE_PAGES)


def fault(rules: Rules, state: State, process: int, vma: Vma, index: int, write: bool) -> bool:
    """A fault at the level of leaves; False if small pages have to do."""
    found = state.leaf(process, index)
    if found is None:
        first = index & -HUGE_PAGES
        if not _suits(rules, state, process, vma, first):
            return False
        _new(rules, state, process, vma, first)
        return True
    first, pte = found
    if write and not pte.flags & P_WRITE:
        return _write_protected(rules, state, process, vma, first, pte)
    flags = rules.stored_pte(pte.flags) if write else rules.loaded_pte(pte.flags)
    state.set_pte(process, first, flags, pte.page)
    return True


def _new(rules: Rules, state: State, process: int, vma: Vma, first: int) -> None:
    """__do_huge_pmd_anonymous_page()."""
    vma = prepare_anon(state, process, vma)
    head = state.new_huge(NEW_HUGE)
    state.page(head).entire = 1
    state.page(head).owners = (process,)
    state.count(process, ANON, HUGE_PAGES)
    state.set_pte(process, first, rules.thp_new_pte(vma), head)


def _write_protected(
    rules: Rules, state: State, process: int, vma: Vma, first: int, pte: Pte
) -> bool:
    """do_huge_pmd_wp_page(): reuse, or split and leave the rest to small pages."""
    page = state.page(pte.page)
    if not rules.reuse_exclusive(page.flags):
        if not rules.thp_reuses(page.ref, state.total_map(pte.page)):
            split(rules, state, process, vma, first)
            return False
        page.flags = rules.reused_flags(page.flags)
    state.set_pte(process, first, rules.reuse_pte(pte.flags, vma), pte.page)
    return True


def follow(
    rules: Rules,
    state: State,
    process: int,
    vma: Vma,
    found: tuple[int, Pte],
    flags: int,
    touch: bool,
    copied: bool,
) -> bool:
    """follow_trans_huge_pmd(), follow_hugetlb_page(): may get_user_pages take this leaf?"""
    first, pte = found
    page = state.pages[pte.page]
    write, force = bool(flags & Foll.WRITE), bool(flags & Foll.FORCE)
    if write and not rules.may_follow_write(pte.flags, vma, page.flags, force, copied):
        return False
    if write and rules.uffd_protects(pte.flags, vma):
        return False
    if touch and rules.leaf_touched(page.hugetlb):
        state.set_pte(process, first, rules.thp_followed_pte(pte.flags, write), pte.page)
    return True


def unshare(rules: Rules, state: State, process: int, vma: Vma, found: tuple[int, Pte]) -> None:
    """do_huge_pmd_wp_page() with FAULT_FLAG_UNSHARE: exclusive, or split for small pages."""
    first, pte = found
    page = state.page(pte.page)
    if rules.thp_reuses(page.ref, state.total_map(pte.page)):
        page.flags = rules.reused_flags(page.flags)
    else:
        split(rules, state, process, vma, first)


def split(rules: Rules, state: State, process: int, vma: Vma, first: int) -> None:
    """__split_huge_pmd_locked(): a leaf becomes PTEs of the same pages."""
    pte = state.mms[process].ptes[first]
    head = state.page(pte.page)
    if pte.flags & P_DIRTY:
        head.flags |= rules.thp_split_dirties()
    exclusive = head.flags & G_EXCLUSIVE
    state.clear_pte(process, first)
    head.entire -= 1
    state.get(pte.page, HUGE_PAGES - 1)
    flags = rules.thp_split_pte(pte.flags, vma)
    for offset in range(HUGE_PAGES):
        number = state.subpage(pte.page, offset)
        page = state.page(number)
        page.map += 1
        page.flags = page.flags & ~G_EXCLUSIVE | exclusive
        state.set_pte(process, first + offset, flags, number)
    contpte.fold(rules, state, process, first, first + HUGE_PAGES)


def split_page(rules: Rules, state: State, head: int) -> bool:
    """split_huge_page(): each of its pages becomes one of its own, those mapped nowhere go.

    Returns:
        False where somebody holds it.
    """
    if not rules.thp_splits_page(state.pages[head].ref, state.total_map(head)):
        return False
    for process, mm in state.mms.items():
        for first in [at for at, pte in mm.ptes.items() if pte.page == head and pte.flags & P_HUGE]:
            vma = find(mm.vmas, first)
            assert vma is not None
            dirty = mm.ptes[first].flags & P_DIRTY
            split(rules, state, process, vma, first)
            for index in range(first, first + HUGE_PAGES):
                small = mm.ptes[index]
                state.set_pte(process, index, small.flags | dirty, small.page)
    numbers = [state.subpage(head, offset) for offset in range(HUGE_PAGES)]
    contpte.unfold(state, numbers)
    _remap(rules, state, frozenset(numbers), head)
    flags = state.pages[head].flags & ~(G_COMPOUND | G_EXCLUSIVE)
    for number in numbers:
        page = state.page(number)
        page.flags = flags | page.flags & G_EXCLUSIVE
        page.tail, page.size = 0, 1
        page.ref = page.users = page.map
        if not page.map:
            state.forget(number)
    return True


def _remap(rules: Rules, state: State, pages: frozenset[int], head: int) -> None:
    """unmap_folio(), remap_page(): entries go by way of migration entries."""
    for process, mm in state.mms.items():
        for index, pte in [item for item in mm.ptes.items() if item[1].page in pages]:
            if pte.flags & P_DIRTY:
                state.page(head).flags |= G_DIRTY
            vma = find(mm.vmas, index)
            assert vma is not None
            empty = state.pages[pte.page].content == EMPTY
            if rules.thp_split_zeroes(empty, bool(vma.flags & V_LOCKED)):
                state.page(pte.page).map -= 1
                state.count(process, ANON, -1)
                kept = rules.anon_read_pte(vma) | pte.flags & P_UFFD_WP
                state.set_pte(process, index, kept, ZERO_PAGE)
                continue
            state.set_pte(process, index, rules.thp_remapped_pte(pte.flags), pte.page)


def split_edges(rules: Rules, state: State, process: int, vma: Vma, start: int, end: int) -> None:
    """What cuts a VMA splits the leaf that it cuts (vma_adjust_trans_huge)."""
    for edge in (start, end):
        found = state.leaf(process, edge) if vma.start < edge < vma.end else None
        if found is not None and found[0] != edge and not state.pages[found[1].page].hugetlb:
            split(rules, state, process, vma, found[0])


def zap(rules: Rules, state: State, process: int, first: int, pte: Pte) -> None:
    """zap_huge_pmd()."""
    state.clear_pte(process, first)
    state.count(process, ANON, -HUGE_PAGES)
    state.unmap_leaf(pte.page)


def own(rules: Rules, state: State, process: int, head: int) -> None:
    """folio_add_return_large_mapcount(): a process maps something of a huge page, as of fork."""
    known = state.pages[head].owners
    if process in known or _maps(state, process, head):
        return
    known = tuple(one for one in known if _maps(state, one, head))
    if rules.thp_knows_owner(len(known)):
        state.page(head).owners = (*known, process)


def is_own(state: State, process: int, head: int) -> bool:
    """Is all that maps a huge page known to be that process's?"""
    others = any(_maps(state, one, head) for one in state.mms if one != process)
    return process in state.pages[head].owners and not others


def _maps(state: State, process: int, head: int) -> bool:
    pages = range(head, head + HUGE_PAGES)
    return any(pte.page in pages for pte in state.mms[process].ptes.values())


def fork(rules: Rules, state: State, parent: int, child: int, first: int, pte: Pte) -> None:
    """copy_huge_pmd()."""
    own(rules, state, child, pte.page)
    page = state.page(pte.page)
    state.get(pte.page)
    page.entire += 1
    page.flags = rules.fork_shared_flags(page.flags)
    flags = rules.fork_parent_pte(pte.flags)
    state.count(child, ANON, HUGE_PAGES)
    state.set_pte(parent, first, flags, pte.page)
    flags = rules.uffd_forked_pte(rules.fork_child_pte(flags))
    state.set_pte(child, first, flags, pte.page)
