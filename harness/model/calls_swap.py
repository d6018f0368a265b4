"""Turning swap on and off. Source: 6.1 mm/swapfile.c."""

from __future__ import annotations

from .. import abi
from ..abi import Code
from . import swapping
from .calls import Expected, Model, call, value
from .state import State


@call(Code.SWAPON)
def _swapon(model: Model, state: State, op: abi.Op) -> Expected:
    error = model.rules.swapon_error(state.swapping)
    if not error:
        state.swapping = True
    return value(error)


@call(Code.SWAPOFF)
def _swapoff(model: Model, state: State, op: abi.Op) -> Expected:
    error = model.rules.swapoff_error(state.swapping)
    if not error:
        swapping.end(model.rules, state)
        state.swapping = False
    return value(error)
