"""The claims as one self-contained page: each sentence of the documents, and what answers it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .. import __version__
from ..claims import documents
from ..jobs.results import SENTENCE_STATUSES, ClaimReport, Record, Standing, Survey
from . import claims_table, templates
from .text import printable

_CLAIM = re.compile(r"\s*claim\s")


@dataclass(frozen=True, slots=True)
class Line:
    """A program's line.

    Attributes:
        shown: environments, and whether its claim was shown there; none of a line without.
    """

    number: int
    text: str
    shown: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Deciding:
    """Where a program decides a claim: the operation, then what is claimed of it.

    Attributes:
        about: the program's first comment.
    """

    program: str
    about: str
    operation: Line | None
    line: Line


def render(record: Record) -> str:
    """The page.

    Args:
        record: with its survey.
    """
    assert record.survey is not None
    survey = record.survey
    answers: defaultdict[str, list[ClaimReport]] = defaultdict(list)
    for report in survey.reports:
        for sentence in report.entry.sentences:
            answers[sentence].append(report)
    listings = dict(_listings(record, survey))
    sentences = [(one.id, survey.sentences(one.id)) for one in record.environments]
    return templates.page("claims.html.j2").render(
        version=__version__,
        record=record,
        summary=claims_table.summary(record),
        sentences=sentences,
        overall=dict(_overall([statuses for _, statuses in sentences])),
        documents=documents(),
        answers=answers,
        facts=[report for report in survey.reports if not report.entry.sentences],
        surprises=[one for one in survey.reports if _contradicted(one)],
        wrong=[one for one in survey.reports if not all(s.agrees for s in one.standings)],
        deciding=dict(_deciding(survey, listings)),
        listings=listings,
        worded=worded,
    )


def _overall(environments: Iterable[Mapping[str, str]]) -> Iterable[tuple[str, str]]:
    """What each sentence stands for in all environments together."""
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for statuses in environments:
        for sentence, status in statuses.items():
            seen[sentence].add(status)
    for sentence, all_of_it in seen.items():
        yield sentence, next(one for one in SENTENCE_STATUSES if one in all_of_it)


def worded(standing: Standing) -> str:
    """What was observed, and what was expected where that is another thing."""
    if standing.agrees:
        return standing.observed
    return f"{standing.observed.replace('_', ' ')}, expected: {standing.expected}"


def _contradicted(report: ClaimReport) -> bool:
    return any(one.observed == "contradicted" for one in report.standings)


def _listings(record: Record, survey: Survey) -> Iterable[tuple[str, tuple[Line, ...]]]:
    """Each program's text, with what its claims showed."""
    shown: defaultdict[tuple[str, int], list[tuple[str, bool]]] = defaultdict(list)
    for result in record.results:
        for claim in result.claims:
            shown[result.program, claim.line].append((result.environment, claim.shown))
    for name, text in survey.texts.items():
        yield (
            name,
            tuple(
                Line(number, printable(line), tuple(shown[name, number]))
                for number, line in enumerate(text.splitlines(), 1)
            ),
        )


def _deciding(
    survey: Survey, listings: Mapping[str, tuple[Line, ...]]
) -> Iterable[tuple[str, list[Deciding]]]:
    """The lines that decide each claim, with the operation that each speaks of."""
    for report in survey.reports:
        places = (place for one in report.standings for place in one.places)
        keys = sorted({(place.program, place.line) for place in places})
        found = []
        for name, number in keys:
            above = listings[name][: number - 1]
            operations = (line for line in reversed(above) if _is_operation(line.text))
            about = listings[name][0].text.removeprefix("#").strip()
            said = listings[name][number - 1]
            found.append(Deciding(name, about, next(operations, None), said))
        yield report.entry.id, found


def _is_operation(text: str) -> bool:
    stripped = text.strip()
    return bool(stripped) and not stripped.startswith("#") and not _CLAIM.match(text)
