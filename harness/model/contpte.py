"""Blocks of entries that arm64 makes one of, behind the kernel's back.

Sixteen entries that map an aligned block of one large page have the contiguous bit
where they are set together; each then is as young and as dirty as any of them. What
changes more than that of one entry takes the bit off all (Memories.set_pte).
Source: 7.3 arch/arm64/mm/contpte.c.
"""

from __future__ import annotations

from collections.abc import Collection

from .memories import BLOCK
from .rules import Rules
from .state import G_COMPOUND, P_DIRTY, P_HUGE, P_SPECIAL, P_YOUNG, Mm, State

_OWN = P_YOUNG | P_DIRTY


def fold(rules: Rules, state: State, process: int, start: int, end: int) -> None:
    """contpte_set_ptes(): the entries of [start, end) were set together, as far as they go.

    Where the last of a block was set by itself the others may have been there before
    (contpte_try_fold).
    """
    if not rules.folds_blocks():
        return
    mm = state.mms[process]
    alone = rules.folds_by_last(start % BLOCK == BLOCK - 1)
    low = start & -BLOCK if alone else -(-start // BLOCK) * BLOCK
    for first in range(low, end - BLOCK + 1, BLOCK):
        if first not in mm.folded and _fits(state, mm, first):
            common = 0
            for index in range(first, first + BLOCK):
                common |= mm.ptes[index].flags & _OWN
            for index in range(first, first + BLOCK):
                flags, page = mm.ptes[index]
                state.set_pte(process, index, flags | common, page)
            mm.folded.add(first)


def _fits(state: State, mm: Mm, first: int) -> bool:
    """Do the entries map a block of a large page, all in the same way?"""
    found = mm.ptes.get(first)
    if found is None or found.flags & (P_HUGE | P_SPECIAL) or found.page not in state.pages:
        return False
    head = state.head(found.page)
    if not state.pages[head].flags & G_COMPOUND or (found.page - head) % BLOCK:
        return False
    for offset in range(1, BLOCK):
        other = mm.ptes.get(first + offset)
        if other is None or other.page != found.page + offset:
            return False
        if (other.flags ^ found.flags) & ~_OWN:
            return False
    return True


def apart(state: State, process: int, start: int, end: int) -> None:
    """contpte_try_unfold_partial(): the entries of [start, end) are cleared to be set again."""
    mm = state.mms[process]
    if mm.folded:
        mm.folded -= {first for first in mm.folded if first < end and start < first + BLOCK}


def stay(state: State, process: int, folded: Collection[int]) -> None:
    """contpte_wrprotect_ptes(): blocks that were changed as wholes are blocks still."""
    mm = state.mms[process]
    mm.folded |= {first for first in folded if _fits(state, mm, first)}


def unfold(state: State, pages: Collection[int]) -> None:
    """What maps these pages is taken away for a moment, entry by entry."""
    gone = set(pages)
    for mm in state.mms.values():
        mm.folded -= {first for first in mm.folded if mm.ptes[first].page in gone}
