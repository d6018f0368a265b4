"""The flags of two environments beside each other: which differ, and what if one were turned."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, get_type_hints

from .semantics import Semantics

_ENTRY = re.compile(r"^ {4}(\w+): (.*(?:\n {5}.*)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Flag:
    """One that differs.

    Attributes:
        meaning: what it decides, with the kernel's file and function.
        one, other: its two values.
    """

    name: str
    meaning: str
    one: object
    other: object


def differing(one: Semantics, other: Semantics) -> dict[str, Flag]:
    """Those that differ, by name, in the order of their definition: a release's first."""
    pairs = zip(_values(one), _values(other), strict=True)
    return {
        name: Flag(name, _meanings(kind).get(name, ""), mine, yours)
        for (kind, name, mine), (_, _, yours) in pairs
        if mine != yours
    }


def turned(one: Semantics, other: Semantics, names: Collection[str]) -> Semantics:
    """The first, with the other's values of some flags."""
    changed = _turned(one, other, names)
    assert isinstance(changed, Semantics)
    return changed


def _turned(one: Any, other: Any, names: Collection[str]) -> Any:
    kind: type = type(one)
    flags, records = _parts(kind)
    changes = {name: getattr(other, name) for name in names if name in flags}
    for name in records:
        mine = getattr(one, name)
        changed = _turned(mine, getattr(other, name), names)
        if changed is not mine:
            changes[name] = changed
    return replace(one, **changes) if changes else one


@functools.cache
def _parts(kind: type) -> tuple[frozenset[str], tuple[str, ...]]:
    """The flags of a record, and the records in it."""
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    records = tuple(name for name in names if is_dataclass(hints[name]))
    return frozenset(names).difference(records), records


def _values(record: Any) -> Iterator[tuple[type, str, object]]:
    """Each flag with the record that defines it; records within records give theirs."""
    for field in fields(record):
        value = getattr(record, field.name)
        if is_dataclass(value):
            yield from _values(value)
        else:
            yield type(record), field.name, value


@functools.cache
def _meanings(kind: type) -> dict[str, str]:
    """What a record's docstring says of each flag, in one line each."""
    text = inspect.getdoc(kind) or ""
    return {name: " ".join(said.split()).rstrip(".") for name, said in _ENTRY.findall(text)}
