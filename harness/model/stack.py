"""GROWSDOWN mappings: growing where an access falls below one.

Source: 6.1 mm/mmap.c expand_downwards, acct_stack_growth.
"""

from __future__ import annotations

from .rules import Rules
from .state import State, Vma
from .vma import prepare_anon


def grow(rules: Rules, state: State, process: int, index: int) -> Vma | None:
    """Have the mapping above an unmapped page of the arena begin there.

    Returns:
        The mapping as it is then; None where there is none or it may not grow.
    """
    vmas = state.mms[process].vmas
    above = next((vma for vma in vmas if vma.start > index), None)
    if above is None or not rules.stack_grows(above):
        return None
    below = next((vma for vma in reversed(vmas) if vma.end <= index), None)
    if below is not None and not rules.stack_has_gap(below, index - below.end):
        return None
    above = prepare_anon(state, process, above)
    if not rules.stack_fits(above.end - index):
        return None
    grown = above._replace(start=index, pgoff=above.pgoff - (above.start - index))
    state.set_vmas(process, [grown if vma is above else vma for vma in vmas])
    return grown
