"""Two traces of one program, from two environments: what differs, and which flag explains it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .. import abi
from ..check.describe import describe_key, describe_op
from ..model.flags import Flag
from ..program import Compiled
from ..trace import Outcome, Trace
from . import wording
from .contrast import OUTCOME, Contrast, Item
from .explain import UNEXPLAINED, Cause, Explainer, Kind
from .side import Side, Taken

__all__ = ["Cause", "Compared", "Differing", "Item", "Kind", "compare_traces"]


@dataclass(frozen=True, slots=True)
class Differing:
    """An operation that does not show the same on both.

    Attributes:
        text: its line of the program.
        items: what is new in how they differ.
    """

    operation: int
    line: int
    text: str
    items: tuple[Item, ...]
    cause: Cause


@dataclass(frozen=True, slots=True)
class Compared:
    """What comparing two traces gave.

    Attributes:
        operations: how many were compared, of how many.
        differing: those that differ, in order.
        flags: those in which the two environments differ, by name.
    """

    operations: int
    of: int
    differing: tuple[Differing, ...]
    flags: Mapping[str, Flag]


def compare_traces(one: Trace, other: Trace, compiled: Compiled) -> Compared:
    """Compares operation by operation, as far as both traces go.

    It ends behind an operation at which a kernel shows what its own model does not allow: that
    is unexplained, and nothing is known of the state that it leaves.

    Args:
        compiled: the program of both.

    Raises:
        UsageError: a kernel without semantics.
        ValueError: a snapshot that is none (a guest that lies).
    """
    sides = Side(one, compiled), Side(other, compiled)
    contrast = Contrast(compiled)
    explainer = Explainer(*sides, compiled)
    differing: list[Differing] = []
    count = min(len(one.outcomes), len(other.outcomes), len(compiled.ops))
    for at, op in enumerate(compiled.ops[:count]):
        mine, yours = sides[0].take(at), sides[1].take(at)
        text = describe_op(one.header.text, op)
        if mine.branch is None or yours.branch is None:
            items = _lost(compiled, op, mine, yours)
            differing.append(Differing(at, op.line, text, items, UNEXPLAINED))
            count = at + 1
            break
        seen = None not in (mine.seen.outcome.snapshot, yours.seen.outcome.snapshot)
        whole = mine.seen.whole or yours.seen.whole
        items = contrast.step(op, mine.branch, yours.branch, seen=seen, whole=whole)
        cause = explainer.explain(at, mine, yours, items, seen=seen)
        if cause is not None:
            differing.append(Differing(at, op.line, text, items, cause))
    return Compared(count, len(compiled.ops), tuple(differing), explainer.flags)


def _lost(compiled: Compiled, op: abi.Op, one: Taken, other: Taken) -> tuple[Item, ...]:
    """What is to be said where a side shows what its own model does not allow."""
    texts = [_said(compiled, op, side.seen.outcome) for side in (one, other)]
    found = [Item(OUTCOME, "outcome", *texts)] if texts[0] != texts[1] else []
    allowed = [_judged(compiled, side) for side in (one, other)]
    return (*found, Item(("m", 0), "by its own model", *allowed))


def _judged(compiled: Compiled, side: Taken) -> str:
    if side.branch is not None:
        return "allowed"
    what = "outcome" if side.lost is None else describe_key(compiled, side.lost)
    return f"not allowed: {what} differs"


def _said(compiled: Compiled, op: abi.Op, outcome: Outcome) -> str:
    return wording.outcome(compiled, op, outcome, lambda page: "")
