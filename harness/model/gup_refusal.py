"""Calls of the get_user_pages family that the module does not make: kmod/gup.c."""

from __future__ import annotations

from .. import abi
from ..abi import Refused
from . import gup
from .rules import Rules
from .state import State
from .vma import extent


def why(rules: Rules, state: State, arena: gup.Arena, op: abi.Op) -> Refused:
    """Why the module will not make this call; NONE if it will."""
    fast = op.code in gup.FAST
    get, pins = bool(op.flags & gup.GET), bool(op.flags & gup.PIN)
    if rules.lacks_vmas(bool(op.aux & gup.VMAS)):
        return Refused.ABSENT
    if rules.unknown_flags(op.flags):
        return Refused.UNKNOWN_FLAG
    if op.aux & gup.NO_PAGES and rules.needs_pages(fast or gup.is_pin(op), get or pins):
        return Refused.NO_PAGES
    if rules.vmas_with_locked(bool(op.aux & gup.VMAS), bool(op.aux & gup.LOCKED)):
        return Refused.VMAS_LOCKED
    if rules.get_and_pin(op.code, get, pins):
        return Refused.GET_AND_PIN
    mm = state.mms.get(gup.target(op))
    if mm is None or rules.target_gone(mm.alive):
        return Refused.NO_TARGET
    return _extent(rules, state, arena, op)


def _extent(rules: Rules, state: State, arena: gup.Arena, op: abi.Op) -> Refused:
    """What the call could reach is too much."""
    start = rules.untagged(op.addr) & ~(abi.PAGE_SIZE - 1)
    index = arena.index(start)
    process = gup.target(op)
    reach = extent(state.mms[process].vmas, index) if index >= 0 else 0
    fast = op.code in gup.FAST
    if rules.over_capacity(op.n, reach, fast):
        return Refused.CAPACITY
    if fast and op.n == 0 and reach:
        leaf = state.leaf(process, index) is not None
        if rules.walks_off_table(start, reach, leaf):
            return Refused.TABLE_END
    return Refused.NONE
