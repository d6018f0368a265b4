"""A record for people: what went wrong, a table, one summary line, the run folder. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePath

from ..environment import KNOWN
from ..jobs.results import Record, Result, exactness
from ..verdict import Verdict
from .text import exactness_text, explain, place, printable, semantics

_ROWS_MAX = 80  # programs that get a row each; more are grouped by folder
_DETAILS_MAX = 20
_GOOD = frozenset({Verdict.PASS, Verdict.SKIPPED})


def render(
    record: Record,
    *,
    width: int = 100,
    quiet: bool = False,
    verbose: bool = False,
    brief: bool = False,
) -> str:
    """Everything that a run shows in the end.

    Args:
        record: what to show.
        width: columns of the terminal; a wider table names its environments by number.
        quiet: without the table.
        verbose: all details, and more of the console.
        brief: nothing ran, and why is told elsewhere: the summary alone.
    """
    blocks = [] if brief else details(record, verbose=verbose)
    if record.results and not quiet and not brief:
        blocks.append("\n".join(_table(record, width, every=verbose)))
    end = [*_unmet(record), summary(record)]
    if record.folder:
        end.append(record.folder)
    blocks.append("\n".join(end))
    return "\n\n".join(blocks) + "\n"


def _unmet(record: Record) -> list[str]:
    """A line an environment whose kernel the model has not met."""
    return [
        printable(f"{environment.id}: semantics {semantics(environment)}")
        for environment in record.environments
        if environment.semantics != KNOWN
    ]


def summary(record: Record) -> str:
    """``3 programs, 1 environment: 3 PASS; 9 operations, 9 checked; 100% exact; exit code 0``."""
    verdicts = ", ".join(f"{count} {name}" for name, count in record.verdicts().items())
    parts = [
        f"{counted(len(record.programs()), 'program')}, "
        f"{counted(len(record.environments), 'environment')}: {verdicts or 'nothing ran'}",
        f"{counted(record.operations(), 'operation')}, {record.checked()} checked",
    ]
    if record.checked():
        parts.append(exactness_text(exactness(record.results)))
    if record.interrupted:
        parts.append("interrupted")
    return "; ".join([*parts, f"exit code {record.exit_code}"])


def counted(number: int, word: str) -> str:
    """``1 program``, ``2 programs``."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


# ---- what went wrong -----------------------------------------------------------


def details(record: Record, *, verbose: bool) -> list[str]:
    """A block a result that is not good; equal ones of one environment are told once."""
    groups: defaultdict[tuple[object, ...], list[Result]] = defaultdict(list)
    for result in record.results:
        if result.verdict not in _GOOD:
            groups[_group_key(result)].append(result)
    blocks = [_block(same, verbose=verbose) for same in groups.values()]
    if len(blocks) > _DETAILS_MAX and not verbose:
        left = len(blocks) - _DETAILS_MAX
        blocks[_DETAILS_MAX:] = [f"... and {left} more: -v shows all, results.json has all"]
    return blocks


def _group_key(result: Result) -> tuple[object, ...]:
    """What makes two results one story: never run, for the same reason."""
    if result.trace is None and result.detail is not None:
        return result.environment, result.verdict, result.detail.get("text")
    return result.environment, result.program, result.trace


def _block(results: Sequence[Result], *, verbose: bool) -> str:
    first = results[0]
    where = place(first)
    if len(results) > 1:
        where = f"{first.program} and {counted(len(results) - 1, 'other program')}"
    lines = [f"{first.verdict.value}  {where}  ({first.environment})"]
    lines += [f"  {line}" for line in explain(first, console=60 if verbose else 12)]
    return printable("\n".join(lines))


# ---- the table -------------------------------------------------------------------


def _table(record: Record, width: int, *, every: bool) -> list[str]:
    results = record.results
    programs = record.programs()
    if len(programs) > _ROWS_MAX and not every:
        results = tuple(_grouped(results))
        programs = tuple(dict.fromkeys(result.program for result in results))
    cells = _cells(results)
    names = [environment.id for environment in record.environments]
    first = max(len(name) for name in ("program", *programs))
    heads: Sequence[str] = names
    legend: list[str] = []
    columns = _columns(heads, programs, names, cells)
    if first + sum(columns) + 2 * len(columns) > width:
        heads, legend = numbered(names)
        columns = _columns(heads, programs, names, cells)
    lines = [*legend, _row("program", heads, first, columns)]
    lines += [_row(p, [cells.get((p, n), "-") for n in names], first, columns) for p in programs]
    return [printable(line) for line in lines]


def numbered(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Short heads for columns, and the lines that say what they stand for."""
    heads = [f"[{number}]" for number in range(1, len(names) + 1)]
    return heads, [f"{head} {name}" for head, name in zip(heads, names, strict=True)]


def _cells(results: Iterable[Result]) -> dict[tuple[str, str], str]:
    """Text of each cell; several results in one (a folder's) are counted."""
    seen: defaultdict[tuple[str, str], Counter[Verdict]] = defaultdict(Counter)
    for result in results:
        seen[result.program, result.environment][result.verdict] += 1
    return {key: _cell(key[0], count) for key, count in seen.items()}


def _cell(program: str, count: Counter[Verdict]) -> str:
    if count.total() == 1 and not program.endswith("/"):
        return next(iter(count)).value
    return " ".join(f"{count[kind]} {kind.value}" for kind in Verdict if count[kind])


def _grouped(results: Sequence[Result]) -> Iterable[Result]:
    """The same results, those of a program that is good everywhere under its folder's name."""
    bad = {result.program for result in results if result.verdict not in _GOOD}
    for result in sorted(results, key=lambda result: result.program not in bad):
        if result.program in bad:
            yield result
        else:
            yield replace(result, program=f"{PurePath(result.program).parent}/")


def _columns(
    heads: Sequence[str],
    programs: Sequence[str],
    names: Sequence[str],
    cells: dict[tuple[str, str], str],
) -> list[int]:
    return [
        max([len(head), *(len(cells.get((program, name), "-")) for program in programs)])
        for head, name in zip(heads, names, strict=True)
    ]


def _row(program: str, cells: Sequence[str], first: int, columns: Sequence[int]) -> str:
    padded = (cell.ljust(size) for cell, size in zip(cells, columns, strict=True))
    return "  ".join((program.ljust(first), *padded)).rstrip()
