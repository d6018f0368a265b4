"""Who is whose child, and what became of it, for its parent to ask. Source: 6.1 kernel/exit.c."""

from __future__ import annotations

import dataclasses

from ..abi import Code, Kind
from .outcome import Expected
from .rules import Rules
from .state import State
from .waiting import Sleeps

SIGKILL = 9


def ended(rules: Rules, state: State, process: int, signal: int) -> None:
    """A process is gone, by a signal or (0) by itself: its parent may ask, and sleeps no more."""
    parent = state.parents.get(process)
    # whose parent is gone are init's, which buries them
    for child in [one for one, other in state.parents.items() if other == process]:
        del state.parents[child]
        state.ended.pop(child, None)
    if parent is None:
        return
    state.ended[process] = signal
    waiter = state.calls.get(parent)
    if waiter is None or waiter.expected is not None or waiter.op.code is not Code.WAIT_PID:
        return
    if waiter.op.index == process:
        expected = _bury(rules, state, process)
        state.calls[parent] = dataclasses.replace(waiter, page=None, expected=expected, told=False)


def wait(rules: Rules, state: State, process: int, child: int) -> Expected:
    """wait4() of one child.

    Raises:
        Sleeps: it lives.
    """
    if not rules.wait_is_for(state.parents.get(child) == process):
        return Expected(Kind.VALUE, ret=rules.wait_error())
    if child not in state.ended:
        raise Sleeps(-1 - child, 0)  # not for a page of anybody
    return _bury(rules, state, child)


def _bury(rules: Rules, state: State, child: int) -> Expected:
    """wait_task_zombie()."""
    signal = state.ended[child]
    if rules.wait_buries():
        del state.ended[child]
        del state.parents[child]
    return Expected(Kind.VALUE, ret=rules.wait_status(signal))
