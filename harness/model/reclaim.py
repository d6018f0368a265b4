"""MADV_PAGEOUT and MADV_COLD: pages that are to go.

Source: 6.1 mm/madvise.c madvise_cold_or_pageout_pte_range, mm/vmscan.c
shrink_folio_list, mm/rmap.c try_to_unmap_one. The swap area's writes are done
when they return, so a page goes at once.
"""

from __future__ import annotations

from .. import abi
from ..abi import Madv
from . import advised, pagecache, thp
from .calls import Model
from .calls_advice import EINVAL, advice
from .rules import Rules
from .state import (
    ANON,
    G_ANON,
    G_COMPOUND,
    G_DIRTY,
    G_MAPPING,
    G_NO_DATA,
    G_SWAPBACKED,
    G_SWAPCACHE,
    P_DIRTY,
    P_SPECIAL,
    P_UFFD_WP,
    SWAP,
    State,
    Vma,
    rss_of,
)

_ON_LRU = G_ANON | G_MAPPING


@advice(Madv.PAGEOUT, Madv.COLD)
def _advise(model: Model, state: State, op: abi.Op, vma: Vma, start: int, end: int) -> int:
    rules, process = model.rules, op.process
    if not rules.may_reclaim(vma):
        return -EINVAL
    state.drained()
    pages_out = op.flags == Madv.PAGEOUT
    at = start
    while at < end:
        table_end = min((at & -abi.HUGE_PAGES) + abi.HUGE_PAGES, end)
        leaf = state.leaf(process, at)
        if leaf is None or _cool_leaf(rules, state, process, leaf[0], (at, table_end), pages_out):
            _look(rules, state, process, vma, (at, table_end), pages_out)
        at = table_end
    return 0


def _cool_leaf(
    rules: Rules, state: State, process: int, first: int, span: tuple[int, int], pages_out: bool
) -> bool:
    """A leaf is cooled whole, or its page split; are there small pages now to look at?"""
    flags, head = state.mms[process].ptes[first]
    page = state.pages[head]
    alone = rules.reclaim_takes(page.map + page.entire)
    if not advised.is_alone(rules, state, head, alone):
        return False
    if span[1] - span[0] < abi.HUGE_PAGES:
        return thp.split_page(rules, state, head)
    state.set_pte(process, first, rules.aged_pte(flags, pages_out), head)
    # an area on a disk that turns has no room for it in one piece
    return pages_out and page.flags & G_SWAPBACKED != 0 and thp.split_page(rules, state, head)


def _look(
    rules: Rules, state: State, process: int, vma: Vma, span: tuple[int, int], pages_out: bool
) -> None:
    """madvise_cold_or_pageout_pte_range(), of one page table."""
    ptes = state.mms[process].ptes
    index = span[0] - 1
    while (index := index + 1) < span[1]:
        if index not in ptes:
            continue
        flags, number = ptes[index]
        page = state.pages[number]
        if flags & P_SPECIAL or not page.flags & _ON_LRU:
            continue
        if page.flags & G_COMPOUND:
            alone = rules.reclaim_takes(page.map + state.pages[state.head(number)].entire)
            found = advised.large(rules, state, process, index, span[1], alone)
            if found.whole:
                _cool_whole(rules, state, process, vma, (index, index + found.whole), pages_out)
            if found.whole or found.skip:
                index += found.whole + found.skip - 1
                continue
            flags, number = ptes[index]
            if flags & P_SPECIAL:
                continue
            page = state.pages[number]
        if not rules.reclaim_takes(page.map):
            continue
        state.set_pte(process, index, rules.aged_pte(flags, pages_out), number)
        if pages_out and not page.flags & G_NO_DATA:
            _reclaim(rules, state, process, vma, index)


def _cool_whole(
    rules: Rules, state: State, process: int, vma: Vma, span: tuple[int, int], pages_out: bool
) -> None:
    """The same of a huge page that all of these entries map."""
    ptes = state.mms[process].ptes
    head = state.head(ptes[span[0]].page)
    if state.total_map(head) != span[1] - span[0]:
        return
    for index in range(*span):
        flags, number = ptes[index]
        state.set_pte(process, index, rules.aged_pte(flags, pages_out), number)
    swaps = pages_out and state.pages[head].flags & G_SWAPBACKED
    if swaps and thp.split_page(rules, state, head):
        _look(rules, state, process, vma, span, pages_out)


def _reclaim(rules: Rules, state: State, process: int, vma: Vma, index: int) -> None:
    """shrink_folio_list(), of a page that is mapped once, there."""
    number = state.mms[process].ptes[index].page
    page = state.pages[number]
    if not page.flags & G_ANON:
        _unmap_file(rules, state, process, vma, index)
        _reclaim_file(rules, state, number)
    elif page.flags & G_SWAPBACKED:
        _swap_out(rules, state, process, index)
    else:
        _discard(rules, state, process, index)


def _swap_out(rules: Rules, state: State, process: int, index: int) -> None:
    """An anonymous page: it gets a slot, is unmapped, written, and goes if nobody holds it."""
    pte = state.mms[process].ptes[index]
    page = state.page(pte.page)
    if rules.reclaim_spares_pinned(page.ref):
        return
    if not page.flags & G_SWAPCACHE:
        if not rules.reclaim_swaps(state.swapping):
            return
        page.flags = rules.swap_added_flags(page.flags)
        state.slot_new(pte.page)
    slot = page.slot
    entry = rules.swap_entry(pte.flags, page.flags)
    page.flags = rules.swapped_flags(page.flags) | (G_DIRTY if pte.flags & P_DIRTY else 0)
    page.map -= 1
    state.clear_pte(process, index)
    state.set_absent(process, index, entry, slot)
    state.slot_use(slot, 1)
    state.count(process, ANON, -1)
    state.count(process, SWAP, 1)
    state.put(pte.page)
    if rules.reclaim_frees(page.ref):
        if page.flags & G_DIRTY:
            page.flags &= ~G_DIRTY
            state.slot_written(slot)
        state.slot_uncache(slot)


def _discard(rules: Rules, state: State, process: int, index: int) -> None:
    """A page of MADV_FREE goes without being written, or is one as any other again."""
    pte = state.mms[process].ptes[index]
    page = state.page(pte.page)
    page.flags |= G_DIRTY if pte.flags & P_DIRTY else 0
    dirty = bool(page.flags & G_DIRTY)
    if not rules.reclaim_discards(page.ref, dirty):
        page.flags |= G_SWAPBACKED if rules.reclaim_unfrees(dirty) else 0
        return
    state.clear_pte(process, index)
    state.count(process, ANON, -1)
    page.map -= 1
    state.put(pte.page)


def _unmap_file(rules: Rules, state: State, process: int, vma: Vma, index: int) -> None:
    """try_to_unmap_one(), of a file's page."""
    pte = state.mms[process].ptes[index]
    page = state.page(pte.page)
    state.clear_pte(process, index)
    if rules.uffd_leaves_marker(pte.flags, vma):
        state.set_absent(process, index, P_UFFD_WP, 0)
    page.flags |= G_DIRTY if pte.flags & P_DIRTY else 0
    state.count(process, rss_of(page.flags), -1)
    page.map -= 1
    state.put(pte.page)


def _reclaim_file(rules: Rules, state: State, number: int) -> None:
    """A file's page that nobody maps any more: written to swap, dropped, or kept."""
    page = state.page(number)
    entry = state.files[page.file]
    if page.flags & G_DIRTY:
        if not rules.reclaim_writes(entry.disk is not None) or not rules.reclaim_frees(page.ref):
            return
        if rules.reclaim_swaps(state.swapping):
            _swap_file(state, number)
        return
    pagecache.drop_buffers(rules, page)
    if rules.reclaim_frees(page.ref):
        pagecache.remove(rules, state, page.file, page.index)


def _swap_file(state: State, number: int) -> None:
    """shmem_writepage(): the file has a slot instead of the page."""
    page = state.page(number)
    file, index = page.file, page.index
    slot = state.slot_new(number)
    state.cache_remove(file, index)
    state.files[file].swapped[index] = slot
    state.slot_use(slot, 1)
    state.slot_written(slot)
    state.put(number)
    state.slot_uncache(slot)
