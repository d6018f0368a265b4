"""Leaving lines out of a program, with all that cannot be without them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from ..errors import UsageError
from ..layout import compile_program
from ..program import (
    Binary,
    Blank,
    Claim,
    Condition,
    Fact,
    Line,
    Name,
    Operation,
    Program,
    Ref,
    Requires,
    Tuple,
    Unary,
)

# Arguments that a call can go without when the mapping they name is gone.
_NEIGHBOUR = "adjacent_to"
_PLACE = re.compile(r":(\d+):\d+: expected ")


@dataclass(frozen=True, slots=True)
class Cut:
    """A valid program, and which lines of another it lacks, not counting what depends on them."""

    program: Program
    gone: frozenset[int]


def plain(program: Program) -> Program:
    """The same without comments and empty lines, in canonical text."""
    kept = (Line(line.node) for line in program.lines if not isinstance(line.node, Blank))
    return Program(tuple(kept), program.name)


def cuts(program: Program, size: int) -> list[Cut]:
    """The program without each run of so many lines; of one line, without each.

    What a program asks of its environment (``requires:``) stays: it says where it is to be run.
    """
    able = [at for at, line in enumerate(program.lines) if not isinstance(line.node, Requires)]
    pieces = [frozenset(able[at : at + size]) for at in range(0, len(able), size)]
    found: dict[Program, Cut] = {}
    # What stands behind goes first: most of the time nothing depends on it.
    for gone in reversed(pieces):
        left = without(program, gone)
        if left is not None:
            found.setdefault(left, Cut(left, gone))
    return list(found.values())


def together(program: Program, several: Sequence[Cut]) -> Program | None:
    """All these cuts of a program at once."""
    return without(program, frozenset().union(*(cut.gone for cut in several)))


def without(program: Program, gone: Collection[int]) -> Program | None:
    """The program without lines and whatever makes no sense without them.

    Returns:
        None where no operation is left.
    """
    left = [line for at, line in enumerate(program.lines) if at not in gone]
    while True:
        left = _sound(left)
        smaller = Program(tuple(left), program.name)
        if not any(isinstance(line.node, Operation) for line in left):
            return None
        wrong = _wrong_line(smaller)
        if wrong is None:
            return smaller
        del left[wrong]


def valid(program: Program) -> bool:
    """Does it compile?"""
    return _wrong_line(program) is None


def _wrong_line(program: Program) -> int | None:
    """The first line that makes no sense; None if the program compiles."""
    try:
        compile_program(program)
    except UsageError as error:
        place = _PLACE.search(str(error))
        return int(place[1]) - 1 if place else 0
    return None


def _sound(lines: Sequence[Line]) -> list[Line]:
    """The lines whose names are all defined above them."""
    defined = {"main"}
    kept = []
    for line in lines:
        node = line.node
        if isinstance(node, Operation):
            node = _alone(node, defined)
        if not set(_names(node)) <= defined and not isinstance(node, Requires):
            continue
        if isinstance(node, Operation) and node.result is not None:
            defined.add(node.result)
        kept.append(line if node is line.node else Line(node))
    return kept


def _alone(node: Operation, defined: Collection[str]) -> Operation:
    """A mapping whose neighbour is gone lies by itself."""
    named = tuple(
        (name, value)
        for name, value in node.call.named
        if name != _NEIGHBOUR or not isinstance(value, Ref) or value.name in defined
    )
    return node if named == node.call.named else replace(node, call=replace(node.call, named=named))


def _names(node: Operation | Claim | Requires | Blank) -> Iterator[str]:
    """What a line names that other lines define."""
    if isinstance(node, Operation):
        if node.process is not None:
            yield node.process
        values = (*node.call.args, *(value for _, value in node.call.named))
        yield from (
            value.name for value in values if isinstance(value, Ref) and value.name != "BAR"
        )
    elif isinstance(node, Claim):
        yield from _places(node.condition)


def _places(condition: Condition) -> Iterator[str]:
    """Handles that a condition asks about. Bare names may be words of conditions: see valid()."""
    if isinstance(condition, Fact):
        yield from (
            arg.name for arg in condition.args if isinstance(arg, Ref) and arg.name != "BAR"
        )
    elif isinstance(condition, Unary):
        yield from _places(condition.operand)
    elif isinstance(condition, Binary):
        yield from _places(condition.left)
        yield from _places(condition.right)
    elif isinstance(condition, Tuple):
        for item in condition.items:
            if not isinstance(item, Name):
                yield from _places(item)
