"""What an operation of the model is: a function from a state to an outcome.

``calls_user``, ``calls_gup`` and ``calls_module`` hold the operations, each
registered by its code; ``step`` runs them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from .. import abi
from ..abi import Code, Kind, Refused
from .gup import Arena
from .outcome import Expected, Warned
from .rules import Rules
from .semantics import Semantics
from .state import State

__all__ = ["CALLS", "Expected", "Model", "Step", "Warned", "call", "pages_of", "refusal", "value"]


class Model(Protocol):
    """What a call may ask of the model that runs it."""

    sem: Semantics
    arena: Arena
    rules: Rules


Step: TypeAlias = Callable[[Model, State, abi.Op], Expected]
CALLS: dict[Code, Step] = {}


def call(*codes: Code) -> Callable[[Step], Step]:
    """Register what an operation of these codes does: it changes the state it is given."""

    def register(function: Step) -> Step:
        for code in codes:
            CALLS[code] = function
        return function

    return register


def value(ret: int, data: bytes | None = b"") -> Expected:
    """The call returned."""
    return Expected(Kind.VALUE, ret=ret, data=data)


def refusal(reason: Refused) -> Expected:
    """The module would not make the call."""
    return Expected(Kind.REFUSED, refused=reason)


def pages_of(model: Model, op: abi.Op) -> tuple[int, int]:
    """Pages of the arena that an operation's range covers (it lies inside)."""
    start = (op.addr - model.arena.start) >> abi.PAGE_SHIFT
    return start, start + ((op.n + abi.PAGE_SIZE - 1) >> abi.PAGE_SHIFT)
