"""Calls of one process on another: kill, and waiting for its end."""

from __future__ import annotations

from .. import abi
from ..abi import Code, Kind
from . import family, process
from .calls import Expected, Model, call, value
from .family import SIGKILL
from .state import State


@call(Code.KILL)
def _kill(model: Model, state: State, op: abi.Op) -> Expected:
    """SIGKILL; the process is gone, memory and all, before anybody looks."""
    error = model.rules.kill_error(state.lives(op.slot))
    if error:
        return value(error)
    process.end(model.rules, state, op.slot, SIGKILL)
    if op.slot == op.process:
        return Expected(Kind.DEATH, signo=SIGKILL)
    return value(0)


@call(Code.WAIT_PID)
def _wait_pid(model: Model, state: State, op: abi.Op) -> Expected:
    """wait4() of one process: its status."""
    return family.wait(model.rules, state, op.process, op.index)
