"""Guard pages: MADV_GUARD_INSTALL, and what becomes of its markers.

Source: 7.3 mm/madvise.c madvise_guard_install, mm/memory.c.
"""

from __future__ import annotations

from . import zap
from .rules import Rules
from .state import P_GUARD, Absent, State, Vma
from .vma import prepare_anon


def is_guard(absent: Absent | None) -> bool:
    """Is that entry a guard page's?"""
    return absent is not None and bool(absent.flags & P_GUARD)


def install(rules: Rules, state: State, process: int, vma: Vma, start: int, end: int) -> None:
    """Every page of a piece of one VMA becomes a guard page, and what was there goes."""
    vma = state.change_vma(process, vma, vma._replace(flags=rules.guarded_flags(vma.flags)))
    if vma.file < 0:
        prepare_anon(state, process, vma)
    mm = state.mms[process]
    guards = {index for index in range(start, end) if is_guard(mm.absent.get(index))}
    there = [index for index in mm.ptes if start <= index < end]
    if there or state.leaf(process, start) or len(guards) < _absent(state, process, start, end):
        zap.own(rules, state, process, start, end)
    for index in range(start, end):
        if index not in mm.absent and index not in mm.ptes:
            state.set_absent(process, index, P_GUARD, 0)


def _absent(state: State, process: int, start: int, end: int) -> int:
    return sum(start <= index < end for index in state.mms[process].absent)


def fork(rules: Rules, state: State, parent: int, child: int, vma: Vma) -> None:
    """copy_nonpresent_pte(), of one VMA's guard pages."""
    entries = state.mms[parent].absent
    for index in sorted(number for number in entries if vma.start <= number < vma.end):
        if is_guard(entries[index]) and rules.guard_forks():
            state.set_absent(child, index, P_GUARD, 0)
