"""Huge pages that MADV_FREE, MADV_COLD and MADV_PAGEOUT come to, mapped page by page.

Source: 6.1 mm/madvise.c madvise_free_pte_range, madvise_cold_or_pageout_pte_range.
"""

from __future__ import annotations

from typing import NamedTuple

from . import thp
from .rules import Rules
from .state import P_DIRTY, P_WRITE, P_YOUNG, State

_ALIKE = ~(P_DIRTY | P_WRITE | P_YOUNG)


class Large(NamedTuple):
    """What becomes of a huge page that one entry maps.

    Attributes:
        skip: so many entries are left as they are.
        whole: so many, all that it has, are advised of together; with neither, it was split.
    """

    skip: int = 0
    whole: int = 0


def large(rules: Rules, state: State, process: int, index: int, end: int, alone: bool) -> Large:
    """The huge page that a small entry maps, in a range that ends with its page table or before.

    Args:
        alone: it is nobody else's, by what a page at a time is asked.
    """
    head = state.head(state.mms[process].ptes[index].page)
    count = end - index  # an advice may end at what it cannot split
    if rules.advice_goes_on():
        count = _batch(state, process, index, end)
        if count == state.pages[head].size:
            return Large(whole=count)
    if not is_alone(rules, state, head, alone) or not thp.split_page(rules, state, head):
        return Large(skip=count)
    return Large()


def is_alone(rules: Rules, state: State, head: int, alone: bool) -> bool:
    """Is a huge page this process's own, as far as the kernel asks?"""
    page = state.pages[head]
    return rules.advice_splits(alone, page.map, page.entire, state.total_map(head))


def _batch(state: State, process: int, index: int, end: int) -> int:
    """folio_pte_batch(): entries that follow each other and map what follows each other."""
    ptes = state.mms[process].ptes
    first = ptes[index]
    last = state.head(first.page) + state.pages[state.head(first.page)].size
    count = 0
    while index + count < end and first.page + count < last:
        pte = ptes.get(index + count)
        if pte is None or pte.page != first.page + count:
            break
        if (pte.flags ^ first.flags) & _ALIKE:
            break
        count += 1
    return count
