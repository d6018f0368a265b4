"""What comparing environments gave: plain values, grouped by cause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..compare import Differing
from ..compare.explain import Kind, Sets
from ..model.flags import Flag
from ..verdict import Verdict


@dataclass(frozen=True, slots=True)
class Between:
    """One program in two environments.

    Attributes:
        text: the program's.
        one, other: Environment.id of the two.
        operations: how many were compared.
        of: how many there are.
        differing: those that differ, in order.
        flags: those that explain something here, by name.
    """

    program: str
    text: str
    one: str
    other: str
    operations: int
    of: int
    differing: tuple[Differing, ...]
    flags: Mapping[str, Flag]


@dataclass(frozen=True, slots=True)
class Found:
    """One operation that differs, and where."""

    between: Between
    differing: Differing


@dataclass(frozen=True, slots=True)
class Group:
    """All that has one cause.

    Attributes:
        flags: sets of flags, each of which explains it; empty for another kind.
        values: the flags' values on the two sides, as first found.
        found: in the programs' order; those that follow from others are marked so.
    """

    kind: Kind
    flags: Sets
    values: tuple[Flag, ...]
    found: tuple[Found, ...]

    @property
    def name(self) -> str:
        """``one_check``, ``a + b`` for flags that are turned together, ``a or b`` for either."""
        if self.kind is not Kind.FLAG:
            return str(self.kind.value)
        return " or ".join(" + ".join(names) for names in self.flags)

    def own(self) -> tuple[Found, ...]:
        """Those that do not follow from others."""
        return tuple(one for one in self.found if not one.differing.cause.follows)

    def programs(self) -> tuple[str, ...]:
        """Names, each once."""
        return tuple(dict.fromkeys(one.between.program for one in self.found))


@dataclass(frozen=True, slots=True)
class Left:
    """A program that was not compared in an environment, or not to its end.

    Attributes:
        why: one line.
    """

    program: str
    environment: str
    verdict: Verdict
    why: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything."""

    between: tuple[Between, ...]
    left: tuple[Left, ...]
    groups: tuple[Group, ...]

    @property
    def operations(self) -> int:
        """How many were compared, each pair of environments counted."""
        return sum(one.operations for one in self.between)

    @property
    def differing(self) -> int:
        """How many of them differ."""
        return sum(len(one.differing) for one in self.between)

    @property
    def unexplained(self) -> int:
        """How many of these no flag explains."""
        return sum(len(one.found) for one in self.groups if one.kind is Kind.UNEXPLAINED)

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The environments that were compared, each pair once."""
        return tuple(dict.fromkeys((one.one, one.other) for one in self.between))


_ORDER = (Kind.UNEXPLAINED, Kind.FLAG, Kind.BOTH)


def grouped(between: Sequence[Between]) -> tuple[Group, ...]:
    """By cause: what is unexplained first, then by how much each explains."""
    causes: dict[tuple[Kind, Sets], list[Found]] = {}
    for one in between:
        for differing in one.differing:
            cause = differing.cause
            causes.setdefault((cause.kind, cause.flags), []).append(Found(one, differing))
    groups = [
        Group(kind, flags, tuple(_values(flags, found)), tuple(found))
        for (kind, flags), found in causes.items()
    ]
    return tuple(sorted(groups, key=lambda one: (_ORDER.index(one.kind), -len(one.found))))


def _values(flags: Sets, found: Sequence[Found]) -> Iterable[Flag]:
    for name in dict.fromkeys(name for names in flags for name in names):
        yield found[0].between.flags[name]
