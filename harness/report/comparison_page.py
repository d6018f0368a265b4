"""A comparison as one self-contained page: each cause, and each program's lines that differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .. import __version__
from ..jobs.comparison import Comparison, Found, Group
from ..jobs.results import Record
from . import comparison_text, templates
from .text import printable


@dataclass(frozen=True, slots=True)
class Line:
    """A program's line, and the causes by which it differs."""

    number: int
    text: str
    causes: tuple[str, ...]


def render(record: Record) -> str:
    """The page.

    Args:
        record: with its comparison.
    """
    comparison = record.comparison
    assert comparison is not None
    return templates.page("comparison.html.j2").render(
        version=__version__,
        record=record,
        summary=comparison_text.summary(record),
        comparison=comparison,
        says=comparison_text.SAYS,
        by_program=by_program,
        listings=dict(_listings(comparison)),
        printable=printable,
    )


def by_program(group: Group) -> Mapping[str, list[Found]]:
    """What a cause explains, by program."""
    found: defaultdict[str, list[Found]] = defaultdict(list)
    for one in group.found:
        found[one.between.program].append(one)
    return found


def _listings(comparison: Comparison) -> Iterable[tuple[str, tuple[Line, ...]]]:
    """The text of each program that differs."""
    causes: defaultdict[tuple[str, int], dict[str, None]] = defaultdict(dict)
    for group in comparison.groups:
        for one in group.found:
            causes[one.between.program, one.differing.line][group.name] = None
    texts = {one.program: one.text for one in comparison.between if one.differing}
    for name, text in texts.items():
        yield (
            name,
            tuple(
                Line(number, printable(line), tuple(causes.get((name, number), ())))
                for number, line in enumerate(text.splitlines(), 1)
            ),
        )
