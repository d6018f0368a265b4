"""Taking pages out of page tables: zap_pte_range and its callers.

Source: 6.1 mm/memory.c.
"""

from __future__ import annotations

from ..abi import HUGE_PAGES
from . import hugetlb, memtypes, swapping, thp
from .rules import Rules
from .state import G_DIRTY, P_GUARD, P_HUGE, P_SPECIAL, P_SWAP, P_UFFD_WP, State, rss_of
from .vma import find, overlapping


def range_(
    rules: Rules,
    state: State,
    process: int,
    start: int,
    end: int,
    *,
    spare_copies: bool = False,
    unmapping: bool = False,
) -> None:
    """Zap the PTEs of [start, end), pages of the arena.

    Args:
        spare_copies: leave anonymous pages where they are (even_cows = 0).
        unmapping: the mappings go as well (unmap_vmas).
    """
    state.drained()  # lru_add_drain() at the start
    if start >= end:
        return
    for vma in overlapping(state.mms[process].vmas, start, end):
        thp.split_edges(rules, state, process, vma, start, end)
        memtypes.untrack(rules, state, process, vma)
    _absent(rules, state, process, (start, end), spare_copies, unmapping)
    ptes = state.mms[process].ptes
    for index in sorted(number for number in ptes if start <= number < end):
        pte = ptes[index]
        if pte.flags & P_HUGE:
            kind = hugetlb if state.pages[pte.page].hugetlb else thp
            kind.zap(rules, state, process, index, pte)
            continue
        page = state.pages[pte.page]
        special = bool(pte.flags & P_SPECIAL)
        if spare_copies and rules.zap_spares(special, page.flags):
            continue
        state.clear_pte(process, index)
        state.count(process, rss_of(page.flags), -rules.zap_rss(special))
        if not special and rules.zap_dirties(pte.flags, page.flags):
            state.page(state.head(pte.page)).flags |= G_DIRTY
        for _ in range(rules.zap_counts(special)):
            state.page(pte.page).map -= 1
            swapping.unmapped(rules, state, pte.page)
            state.put(pte.page)
        _mark(rules, state, process, index, pte.flags, unmapping)


def own(
    rules: Rules,
    state: State,
    process: int,
    start: int,
    end: int,
    *,
    spare_copies: bool = False,
    unmapping: bool = False,
) -> None:
    """The same by the process itself, whose counts are all told then (add_mm_rss_vec)."""
    range_(rules, state, process, start, end, spare_copies=spare_copies, unmapping=unmapping)
    mm = state.mms[process]
    if not (mm.gained or mm.lost):
        return
    spans = [(max(start, vma.start), min(end, vma.end)) for vma in overlapping(mm.vmas, start, end)]
    table = any(low < at + HUGE_PAGES and at < high for at in mm.tables for low, high in spans)
    if rules.zap_tells(table):
        mm.gained = mm.lost = 0


def tables(rules: Rules, state: State, process: int, start: int, end: int) -> None:
    """Page tables of [start, end) may go, as far as nothing is left in them."""
    mm = state.mms[process]
    for first in sorted(mm.tables):
        left = any(first <= index < first + HUGE_PAGES for index in (*mm.ptes, *mm.absent))
        whole = start <= first and first + HUGE_PAGES <= end
        if rules.discard_frees_table(whole, left):
            mm.tables.discard(first)


def _mark(
    rules: Rules, state: State, process: int, index: int, flags: int, unmapping: bool
) -> None:
    """zap_install_uffd_wp_if_needed(): what becomes of an entry's protection."""
    if flags & P_UFFD_WP and not rules.uffd_drops_marker(unmapping):
        found = find(state.mms[process].vmas, index)
        if found is not None and rules.uffd_leaves_marker(flags, found):
            state.set_absent(process, index, P_UFFD_WP, 0)


def _absent(
    rules: Rules, state: State, process: int, span: tuple[int, int], spares: bool, unmapping: bool
) -> None:
    """Entries that are not present: swap entries, and markers, which only unmapping drops.

    What a guard page's does is for its own rule to say.
    """
    absent = state.mms[process].absent
    for index in sorted(number for number in absent if span[0] <= number < span[1]):
        flags = absent[index].flags
        if flags & P_GUARD:
            if rules.guard_goes(unmapping):
                state.clear_absent(process, index)
        elif not flags & P_SWAP:
            if rules.uffd_drops_marker(unmapping):
                state.clear_absent(process, index)
        elif not rules.swap_zap_spares(spares):
            swapping.zap(rules, state, process, index)
            _mark(rules, state, process, index, flags, unmapping)
