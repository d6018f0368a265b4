"""Mutants: programs of the corpus, line by line, with something changed.

Every line goes through the builder: names are those of the new program, what
makes no sense any more is left out, and the model says what there is.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from .. import language
from ..program import INITIAL, Call, Operation, Ref, Symbols, Value
from ..signatures import BAR, CALLS, Kind, Parameter
from .hand import Hand
from .moves import Do

_DROPPED, _REPEATED, _CHANGED, _INSERTED = 6, 3, 12, 8  # of a hundred lines


@functools.lru_cache(maxsize=512)
def operations(text: str) -> tuple[Operation, ...]:
    """A kept program's operations."""
    lines = language.parse(text, "corpus").lines
    return tuple(line.node for line in lines if isinstance(line.node, Operation))


def mutant(hand: Hand, bag: tuple[Do, ...], donors: Sequence[str], length: int) -> None:
    """A program of one kept program, or of the beginning of one and the end of another."""
    first = list(operations(hand.draw.pick(donors)))
    Donor(hand, bag).copy(first[: _cut(hand, first)] if hand.draw.chance(40) else first, length)
    if hand.draw.chance(40):
        second = list(operations(hand.draw.pick(donors)))
        Donor(hand, bag).copy(second[_cut(hand, second) :], length)


def _cut(hand: Hand, lines: Sequence[Operation]) -> int:
    return hand.draw.below(len(lines) + 1)


class Donor:
    """One kept program on its way into another.

    Attributes:
        names: its names -> those of the new program.
    """

    def __init__(self, hand: Hand, bag: tuple[Do, ...]) -> None:
        self.hand = hand
        self.bag = bag
        self.names = {INITIAL: INITIAL, BAR: BAR}

    def copy(self, lines: Sequence[Operation], length: int) -> None:
        """Its lines, mostly."""
        draw, builder = self.hand.draw, self.hand.builder
        for line in lines:
            if builder.size >= length:
                return
            if draw.chance(_INSERTED):
                draw.pick(self.bag)(self.hand)
            if draw.chance(_DROPPED):
                continue
            self.line(line)
            if draw.chance(_REPEATED):
                self.line(line)

    def line(self, line: Operation) -> bool:
        """One line, maybe with an argument changed."""
        hand = self.hand
        if line.call.function == "wait":
            return self.wait(line)
        parameters = CALLS[line.call.function].parameters
        by_name = {one.name: one for one in parameters}
        bound = list(zip(parameters, line.call.args, strict=False))
        named = [(by_name[name], value) for name, value in line.call.named]
        changed = hand.draw.below(len(bound) + len(named) or 1)
        if not hand.draw.chance(_CHANGED):
            changed = -1
        values: list[Value] = []
        for at, (parameter, value) in enumerate([*bound, *named]):
            fitting = self.fit(parameter, value) if at != changed else self.other(parameter, value)
            if fitting is None:
                return False
            values.append(fitting)
        args, rest = tuple(values[: len(bound)]), values[len(bound) :]
        call = Call(
            line.call.function,
            args,
            tuple((one.name, value) for (one, _), value in zip(named, rest, strict=True)),
        )
        process = self.process(line.process)
        name = hand.builder.put(call, process, line.begin) if process is not None else None
        if name is None:
            return False
        if line.result is not None:
            self.names[line.result] = name
        return True

    def wait(self, line: Operation) -> bool:
        (begun,) = line.call.args
        assert isinstance(begun, Ref)
        there = self.names.get(begun.name)
        name = self.hand.builder.wait(there) if there is not None else None
        if name is None:
            return False
        if line.result is not None:
            self.names[line.result] = name
        return True

    def process(self, name: str | None) -> str | None:
        """Who makes the call."""
        if name is None:
            return INITIAL
        return self.names.get(name) or self.hand.actor()

    def fit(self, parameter: Parameter, value: Value) -> Value | None:
        """The same value in the new program; None: there is nothing like it."""
        if not isinstance(value, Ref):
            return value
        there = self.names.get(value.name)
        if there is not None:
            return Ref(there, value.index, value.offset)
        return self.handle(parameter.kind, value)

    def handle(self, kind: Kind, value: Ref) -> Value | None:
        """Another handle of that kind."""
        hand = self.hand
        if kind in (Kind.PLACE, Kind.ADDRESS):
            return hand.byte(INITIAL)
        if kind is Kind.MAPPING:
            return Ref(hand.builder.neighbour) if hand.builder.neighbour else None
        if kind is Kind.FILE:
            return hand.file(hand.actor() or INITIAL)
        if kind is Kind.PROCESS:
            return hand.target()
        name = hand.held()
        return Ref(name, value.index, value.offset) if name is not None else None

    def other(self, parameter: Parameter, value: Value) -> Value | None:
        """Another value of the same kind."""
        draw = self.hand.draw
        if isinstance(value, Ref):
            if parameter.kind in (Kind.PLACE, Kind.ADDRESS) and draw.chance(50):
                here = self.fit(parameter, value)
                if isinstance(here, Ref) and here.index is not None:
                    return Ref(here.name, here.index + draw.pick((-1, 1, 2)), here.offset)
            return self.handle(parameter.kind, value)
        if isinstance(value, bytes):
            return self.hand.data(len(value))
        if isinstance(value, int) and parameter.kind is Kind.NUMBER:
            return draw.pick((value - 1, value + 1, 2 * value, 0, 1, value ^ 4096))
        known = tuple(parameter.symbols or ())
        if not known:
            return value
        if not parameter.joined or not isinstance(value, Symbols):
            return Symbols((draw.pick(known),))
        one = draw.pick(known)
        kept = tuple(name for name in known if (name in value.names) != (name == one))
        return Symbols(kept) if kept else 0
