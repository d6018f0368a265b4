"""Calls of one process on another: kill."""

from __future__ import annotations

from .. import abi
from ..abi import Code, Kind
from . import process
from .calls import Expected, Model, call, value
from .state import State

SIGKILL = 9


@call(Code.KILL)
def _kill(model: Model, state: State, op: abi.Op) -> Expected:
    """SIGKILL; the process is gone, memory and all, before anybody looks."""
    error = model.rules.kill_error(state.lives(op.slot))
    if error:
        return value(error)
    process.exit_(model.rules, state, op.slot)
    if op.slot == op.process:
        return Expected(Kind.DEATH, signo=SIGKILL)
    return value(0)
