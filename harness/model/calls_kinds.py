"""Calls that make particular kinds of memory: secret files."""

from __future__ import annotations

from .. import abi
from ..abi import Code
from .calls import Expected, Model, call, value
from .state import State


@call(Code.SECRETMEM)
def _memfd_secret(model: Model, state: State, op: abi.Op) -> Expected:
    """memfd_secret(), and its one ftruncate(). Source: 6.1 mm/secretmem.c."""
    state.new_file(op.slot, op.n, secret=True)
    return value(0)
