"""What became of the claims, for people: a table, what disagrees, a summary. Pure."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..claims import CONTRADICTED, HOLDS
from ..jobs.results import NOT_REACHED, NOT_TESTABLE, ClaimReport, Record, Standing, Survey
from . import terminal
from .text import printable

_PLAIN_WIDTH = 100_000  # without a terminal a claim is one line, however long
_PLACES_MAX = 4
_SHOWN = {HOLDS: "holds", CONTRADICTED: "contradicted", NOT_REACHED: "not reached"}
_COUNTED = {
    HOLDS: "hold",
    CONTRADICTED: "contradicted",
    NOT_REACHED: "not reached",
    NOT_TESTABLE: "not testable",
}
_STYLES = {HOLDS: "green", CONTRADICTED: "yellow"}


def render(
    record: Record, *, width: int | None = None, quiet: bool = False, verbose: bool = False
) -> str:
    """Everything that `pagelab claims` shows in the end.

    Args:
        record: with its survey.
        width: columns of the terminal; None: no terminal, so no colour and no folding.
        quiet: without the table.
        verbose: every place of a claim that disagrees.
    """
    assert record.survey is not None
    blocks = terminal.details(record, verbose=verbose)
    if not quiet:
        names = [one.id for one in record.environments]
        heads = names
        if width is not None and sum(map(len, names)) > width // 2:
            heads, legend = terminal.numbered(names)
            blocks.append("\n".join(legend))
        blocks.append(_drawn(_table(names, heads, record.survey), width))
    wrong = _disagreements(record, record.survey, every=verbose)
    if wrong:
        blocks.append("\n".join(wrong))
    end = [*summary(record), terminal.summary(record)]
    if record.folder:
        end.append(record.folder)
    blocks.append("\n".join(end))
    return "\n\n".join(blocks) + "\n"


def summary(record: Record) -> list[str]:
    """Claims, then the sentences of each environment, counted; a line each."""
    assert record.survey is not None
    reports = record.survey.reports
    standings = [one for report in reports for one in report.standings]
    count = Counter(one.observed for one in standings)
    parts = [
        f"{len(reports)} claims: "
        + ", ".join(f"{count[status]} {_COUNTED[status]}" for status in _COUNTED if count[status]),
        f"{sum(not one.agrees for one in standings)} not as expected",
    ]
    if changed := sum(report.changed for report in reports):
        parts.append(f"{changed} changed from one environment to another")
    counted = [_sentences(record.survey, one.id) for one in record.environments]
    return ["; ".join(parts), *(line for line in counted if line)]


def _sentences(survey: Survey, environment: str) -> str:
    """Nothing of an environment that is asked for some of the claims alone."""
    statuses = survey.sentences(environment)
    if len(statuses) < len({name for one in survey.reports for name in one.entry.sentences}):
        return ""
    count = Counter(statuses.values())
    told = ", ".join(f"{count[status]} {_COUNTED[status]}" for status in _COUNTED if count[status])
    return f"{len(statuses)} sentences on {environment}: {told}"


# ---- the table -------------------------------------------------------------------


def _table(names: Sequence[str], heads: Sequence[str], survey: Survey) -> Table:
    """A column an environment, however many kernels and architectures there are."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("claim", "api", *heads):
        table.add_column(Text(head), no_wrap=True)
    table.add_column("says", overflow="fold")
    for report in survey.reports:
        says = f"{report.entry.wording} [changed]" if report.changed else report.entry.wording
        table.add_row(report.entry.id, report.entry.api, *_cells(report, names), Text(says))
    return table


def _cells(report: ClaimReport, names: Sequence[str]) -> Iterable[Text]:
    by_name = {one.environment: one for one in report.standings}
    for name in names:
        standing = by_name.get(name)
        if standing is not None:
            yield _cell(standing)
        else:
            yield Text("-" if report.entry.testable else "not testable", style="dim")


def _cell(standing: Standing) -> Text:
    text = _SHOWN[standing.observed]
    if not standing.agrees:
        return Text(text.upper(), style="bold red")
    return Text(text, style=_STYLES[standing.observed])


def _drawn(table: Table, width: int | None) -> str:
    """The table as text, in colour on a terminal unless NO_COLOR says no."""
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        width=width or _PLAIN_WIDTH,
        force_terminal=width is not None,
        color_system="standard" if width is not None else None,
    )
    console.print(table)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines())


# ---- what disagrees --------------------------------------------------------------


def _disagreements(record: Record, survey: Survey, *, every: bool) -> list[str]:
    lines = []
    for report in survey.reports:
        for standing in report.standings:
            cut_off = record.interrupted and standing.observed == NOT_REACHED
            if not standing.agrees and not cut_off:
                lines += _disagreement(record, report, standing, every=every)
    return [printable(line) for line in lines]


def _disagreement(
    record: Record, report: ClaimReport, standing: Standing, *, every: bool
) -> list[str]:
    """What the catalogue expects, and the places that are against it."""
    lines = [
        f"{report.entry.id}  {_SHOWN[standing.observed]}, expected: {_SHOWN[standing.expected]}"
        f"  ({standing.environment})"
    ]
    if standing.observed == NOT_REACHED:
        found = list(_unreached(record, report, standing))
    else:
        wanted = standing.expected == HOLDS
        found = [
            f"{place.program}:{place.line}  {'shown' if place.shown else 'refuted'}"
            for place in standing.places
            if place.shown != wanted
        ]
    if len(found) > _PLACES_MAX and not every:
        found[_PLACES_MAX:] = [f"... and {len(found) - _PLACES_MAX} more places"]
    return lines + [f"  {line}" for line in found]


def _unreached(record: Record, report: ClaimReport, standing: Standing) -> Iterable[str]:
    """Why no place was reached: a line a program."""
    if not report.programs:
        yield "no program says it"
    for result in record.results:
        if result.environment == standing.environment and result.program in report.programs:
            yield f"{result.program}  {result.verdict.value}"
