"""Making single arguments simpler: each edit leaves less of something than there was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..program import Call, Line, Operation, Program, Ref, Symbols, Value
from .cut import valid


@dataclass(frozen=True, slots=True)
class Edit:
    """A valid program in which some lines of another are simpler."""

    program: Program
    nodes: Mapping[int, Operation]


def edits(program: Program) -> list[Edit]:
    """Every simpler form of every operation, and of every place in all of them, that is valid."""
    operations = {
        at: line.node for at, line in enumerate(program.lines) if isinstance(line.node, Operation)
    }
    ways = [{at: node} for at, old in operations.items() for node in simpler(old)]
    ways += _moved(operations)
    made = ((_with(program, nodes), nodes) for nodes in ways)
    return [Edit(edited, nodes) for edited, nodes in made if valid(edited)]


def merged(program: Program, several: Sequence[Edit]) -> Program | None:
    """As many of the edits as do not meet in a line; None where that is one, or not valid."""
    taken: dict[int, Operation] = {}
    count = 0
    for edit in several:
        if taken.keys().isdisjoint(edit.nodes):
            taken.update(edit.nodes)
            count += 1
    edited = _with(program, taken)
    return edited if count > 1 and valid(edited) else None


def _moved(operations: Mapping[int, Operation]) -> Iterator[dict[int, Operation]]:
    """Each page of a mapping or held set, in every line at once, as its first."""
    places = {
        (value.name, value.index)
        for node in operations.values()
        for value in _values(node)
        if isinstance(value, Ref) and value.index
    }
    for name, index in sorted(places):
        old, new = (name, index), (name, 0)
        nodes = {at: _placed(node, old, new) for at, node in operations.items()}
        changed = {at: node for at, node in nodes.items() if node != operations[at]}
        if len(changed) > 1:
            yield changed


def _values(node: Operation) -> Iterator[Value]:
    yield from node.call.args
    yield from (value for _, value in node.call.named)


def _placed(node: Operation, old: tuple[str, int], new: tuple[str, int]) -> Operation:
    """The operation with one place instead of another."""

    def at(value: Value) -> Value:
        if isinstance(value, Ref) and (value.name, value.index) == old:
            return replace(value, index=new[1])
        return value

    call = node.call
    named = tuple((name, at(value)) for name, value in call.named)
    return replace(node, call=Call(call.function, tuple(map(at, call.args)), named))


def _with(program: Program, nodes: Mapping[int, Operation]) -> Program:
    lines = tuple(Line(nodes[at]) if at in nodes else line for at, line in enumerate(program.lines))
    return Program(lines, program.name)


def simpler(node: Operation) -> Iterator[Operation]:
    """Forms of an operation with one thing less, or smaller."""
    if node.process is not None:
        yield replace(node, process=None)
    call = node.call
    for at in range(len(call.named)):
        yield replace(node, call=replace(call, named=(*call.named[:at], *call.named[at + 1 :])))
    for at, value in enumerate(call.args):
        for other in _smaller(value):
            args = (*call.args[:at], other, *call.args[at + 1 :])
            yield replace(node, call=Call(call.function, args, call.named))
    for at, (name, value) in enumerate(call.named):
        for other in _smaller(value):
            named = (*call.named[:at], (name, other), *call.named[at + 1 :])
            yield replace(node, call=Call(call.function, call.args, named))


def _smaller(value: Value) -> Iterator[Value]:
    """Less of a value, the least first."""
    if isinstance(value, bytes):
        for length in dict.fromkeys((1, len(value) // 2)):
            if 0 < length < len(value):
                yield value[:length]
    elif isinstance(value, Symbols):
        if len(value.names) > 1:
            for at in range(len(value.names)):
                yield Symbols((*value.names[:at], *value.names[at + 1 :]))
    elif isinstance(value, Ref):
        if value.offset:
            yield replace(value, offset=0)
        if value.index is not None:
            yield from (replace(value, index=number) for number in _less(value.index))
    else:
        yield from _less(value)


def _less(number: int) -> Iterator[int]:
    """Numbers nearer to zero on the same side."""
    sign, size = (-1, -number) if number < 0 else (1, number)
    for other in dict.fromkeys((0, 1, size // 2, size - 1)):
        if 0 <= other < size:
            yield sign * other
