"""Exactness: how much of what was seen had exactly one allowed value.

An operation is exact where the model allows one outcome and one snapshot, and both were
compared. Where it allows several, a field is exact that is the same in all of them; of an
operation without a snapshot only the outcome was compared.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..abi import Code
from ..model import Branch
from ..model.content import UNKNOWN
from ..model.state import State
from .compare import KINDS, PAGE_FIELDS, cached, plain
from .observed import Key

OUTCOME = "outcome"
FIELDS = (OUTCOME, "pte", *PAGE_FIELDS, "held", "cache", "rss", "vma", "size", "io")


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    exact: int
    of: int

    def __add__(self, other: Share) -> Share:
        return Share(self.exact + other.exact, self.of + other.of)

    @property
    def ratio(self) -> float:
        """1.0 also of nothing."""
        return self.exact / self.of if self.of else 1.0


@dataclass(frozen=True, slots=True)
class Exactness:
    """What was exact among checked operations.

    Attributes:
        operations: all of them together.
        calls: by kind of operation, those that there were.
        fields: by field of outcome and snapshot.
    """

    operations: Share = Share(0, 0)
    calls: Mapping[str, Share] = field(default_factory=dict)
    fields: Mapping[str, Share] = field(default_factory=dict)


def total(parts: Iterable[Exactness]) -> Exactness:
    """Several together."""
    operations = Share(0, 0)
    calls: dict[str, Share] = {}
    fields: dict[str, Share] = {}
    for part in parts:
        operations += part.operations
        for whole, share in ((calls, part.calls), (fields, part.fields)):
            for name, value in share.items():
                whole[name] = whole.get(name, Share(0, 0)) + value
    return Exactness(operations, dict(sorted(calls.items())), fields)


class Tally:
    """Counts while a trace is checked."""

    __slots__ = ("_calls", "_exact", "_open")

    def __init__(self) -> None:
        self._calls: list[Code] = []
        self._exact: list[Code] = []
        self._open: Counter[str] = Counter()

    def add(self, code: Code, branches: Sequence[Branch], *, seen: bool) -> None:
        """One operation that was allowed.

        Args:
            branches: all that were allowed.
            seen: its snapshot was taken.
        """
        self._calls.append(code)
        unknown = unknown_fields(branches[0])
        if len(branches) == 1 and seen and not unknown:
            self._exact.append(code)
            return
        inexact = open_fields(branches) | unknown
        if not seen:
            inexact |= set(FIELDS) - {OUTCOME}
        if not inexact:
            self._exact.append(code)
        self._open.update(inexact)

    def result(self) -> Exactness:
        """What was counted."""
        count, calls, exact = len(self._calls), Counter(self._calls), Counter(self._exact)
        return Exactness(
            _share(len(self._exact), count),
            {_NAMES[code]: _share(exact[code], calls[code]) for code in sorted(calls)},
            {name: _share(count - self._open[name], count) for name in FIELDS if count},
        )


_NAMES = {code: code.name.lower() for code in Code}


@functools.lru_cache(maxsize=1024)
def _share(exact: int, of: int) -> Share:
    """The same few of each program again and again."""
    return Share(exact, of)


def unknown_fields(branch: Branch) -> set[str]:
    """The fields that nobody knows: what the kernel's own pages hold, and what is read of it."""
    expected, state = branch.expected, branch.state
    found = {OUTCOME} if expected.data is None and expected.frame is None else set()
    for page in state.own.values():
        if page.content is UNKNOWN:
            found.add("content")
            break
    if state.slots:
        asked = (key[1] for key in state.touched if key[0] == "i")
        if any(plain(state, "i", slot) is UNKNOWN for slot in asked):
            found.add("io")
    return found


def open_fields(branches: Sequence[Branch]) -> set[str]:
    """The fields in which what is allowed differs."""
    first, *others = branches
    found: set[str] = set()
    if any(other.expected != first.expected for other in others):
        found.add(OUTCOME)
    if not others:
        return found
    for key in set().union(*(branch.state.touched for branch in branches)):
        value = _entry(first.state, key)
        if any(_entry(other.state, key) != value for other in others):
            found.add(KINDS[key[0]])
    for page in {
        number for branch in branches for number in (*branch.state.own, *branch.state.freed)
    }:
        record = _page(first.state, page)
        for other in others:
            shown = zip(PAGE_FIELDS, record, _page(other.state, page), strict=True)
            found.update(name for name, value, another in shown if value != another)
    return found


def _page(state: State, number: int) -> tuple[object, ...]:
    """What a snapshot shows of a page, by field."""
    record = state.record(number)
    if record is None:
        return (None,) * len(PAGE_FIELDS)
    *fields, content = record
    return (*fields, content.digest)


def _entry(state: State, key: Key) -> object:
    """What a snapshot shows of anything else."""
    kind, number = key[0], key[1]
    if kind in ("r", "v", "f", "i"):
        return plain(state, kind, number)
    index = key[-1]
    if kind == "t":
        mm = state.mms.get(number)
        return (mm.ptes.get(index) or mm.absent.get(index)) if mm is not None else None
    if kind == "h":
        held = state.held.get(number, [])
        return held[index] if index < len(held) else None
    return cached(state, number, index)
