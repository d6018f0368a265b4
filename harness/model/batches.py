"""Entries of one large page that lie together, and are changed at once.

They are taken away together, and what is set again is as young and as dirty as any of
them was. Source: 7.3 mm/mprotect.c, mm/mremap.c, mm/internal.h folio_pte_batch_flags.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ..abi import HUGE_PAGES
from . import contpte
from .memories import BLOCK
from .rules import Rules
from .state import G_COMPOUND, P_DIRTY, P_HUGE, P_SPECIAL, P_YOUNG, Mm, State

_OWN = P_YOUNG | P_DIRTY


def protect(rules: Rules, state: State, process: int, start: int, end: int) -> None:
    """change_pte_range(), modify_prot_start_ptes(): before entries are protected."""
    mm = state.mms[process]
    folded = frozenset(mm.folded)
    contpte.apart(state, process, start, end)
    if rules.protect_merges():
        for run in _runs(state, mm, folded, start, end):
            _merge(state, process, run)


def move(rules: Rules, state: State, process: int, start: int, end: int) -> None:
    """move_ptes(), get_and_clear_ptes(): a run begins where entries are a block already."""
    mm = state.mms[process]
    folded = frozenset(mm.folded)
    contpte.apart(state, process, start, end)
    if not folded or not rules.move_merges():
        return
    for run in _runs(state, mm, folded, start, end):
        if run.start & -BLOCK in folded:
            _merge(state, process, run)


def _runs(state: State, mm: Mm, folded: Collection[int], start: int, end: int) -> Iterator[range]:
    """Entries of a page table that map one large page in a row, alike but for young and dirty.

    Those that are blocks have a bit that others have not.
    """
    first = start
    while first < end:
        after = first + 1
        block = first & -BLOCK in folded
        while after < end and after % HUGE_PAGES and _follows(state, mm, after):
            if (after & -BLOCK in folded) != block:
                break
            after += 1
        if after > first + 1:
            yield range(first, after)
        first = after


def _follows(state: State, mm: Mm, index: int) -> bool:
    before, pte = mm.ptes.get(index - 1), mm.ptes.get(index)
    if before is None or pte is None or pte.flags & (P_HUGE | P_SPECIAL):
        return False
    if pte.page != before.page + 1 or (pte.flags ^ before.flags) & ~_OWN:
        return False
    page = state.pages.get(pte.page)
    return page is not None and page.tail > 0 and bool(page.flags & G_COMPOUND)


def _merge(state: State, process: int, run: range) -> None:
    """All entries of a run become as young and dirty as any of them."""
    ptes = state.mms[process].ptes
    common = 0
    for index in run:
        common |= ptes[index].flags & _OWN
    for index in run:
        flags, page = ptes[index]
        if flags | common != flags:
            state.set_pte(process, index, flags | common, page)
