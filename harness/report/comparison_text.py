"""What differs between environments, for people: by cause, the largest first. Pure."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..compare.explain import Kind
from ..jobs.comparison import Comparison, Found, Group, Left
from ..jobs.results import Record
from ..model.flags import Flag
from . import terminal
from .terminal import counted
from .text import printable

_PLAIN_WIDTH = 100_000  # without a terminal nothing is folded, so that grep finds it
_OPERATIONS_MAX = 3  # of a cause
_ITEMS_MAX = 3  # of an operation
_LEFT_MAX = 10
_STYLES = {Kind.FLAG: "bold", Kind.BOTH: "bold", Kind.UNEXPLAINED: "bold red"}
SAYS = {
    Kind.BOTH: "each environment's model allows what the other showed",
    Kind.UNEXPLAINED: "no flag of the model explains it",
}


def render(
    record: Record, *, width: int | None = None, quiet: bool = False, verbose: bool = False
) -> str:
    """Everything that `pagelab compare` shows in the end.

    Args:
        record: with its comparison.
        width: columns of the terminal; None: no terminal, so no colour and no folding.
        quiet: the summary alone.
        verbose: every operation, and all that differs there.
    """
    comparison = record.comparison
    assert comparison is not None
    blocks = terminal.details(record, verbose=verbose)
    if not quiet:
        blocks += ["\n".join(f"{one} | {other}" for one, other in comparison.pairs())]
        blocks += [_drawn(_group(comparison, one, verbose), width) for one in comparison.groups]
        blocks += _left(comparison.left, every=verbose)
    end = [summary(record)]
    if record.folder:
        end.append(record.folder)
    blocks.append("\n".join(end))
    return "\n\n".join(block for block in blocks if block) + "\n"


def summary(record: Record) -> str:
    """How much was compared, between what, and how much of it differs."""
    comparison = record.comparison
    assert comparison is not None
    programs = {one.program for one in comparison.between}
    odd = {one.program for one in comparison.between if one.differing}
    between = "; ".join(f"{one} and {other}" for one, other in comparison.pairs())
    parts = [
        f"{counted(len(programs), 'program')}, "
        f"{counted(comparison.operations, 'operation')} compared"
        + (f" between {between}" if between else ""),
        f"{comparison.differing} differ, in {counted(len(odd), 'program')}",
        f"{comparison.unexplained} unexplained",
        f"exit code {record.exit_code}",
    ]
    return "; ".join(parts)


# ---- a cause ---------------------------------------------------------------------


def _group(comparison: Comparison, group: Group, verbose: bool) -> Iterable[object]:
    head = Text(group.name, style=_STYLES[group.kind])
    if group.kind is not Kind.FLAG:
        head.append(f": {SAYS[group.kind]}", style="default not bold")
    alone = len(group.values) == 1
    if alone:
        head.append(f": {_values(group.values[0])}", style="default not bold")
    yield head
    for flag in group.values:
        text = flag.meaning if alone else f"{flag.name}: {_values(flag)}  {flag.meaning}"
        yield Padding(Text(text, style="dim"), (0, 0, 0, 2))
    own = group.own() or group.found
    shown = group.found if verbose else own[:_OPERATIONS_MAX]
    several = len(comparison.pairs()) > 1
    for one in shown:
        yield from _operation(one, several=several, every=verbose)
    if len(shown) < len(group.found):
        yield Padding(Text(_more(group, shown), style="dim"), (0, 0, 0, 2))


def _values(flag: Flag) -> str:
    return f"{_plain(flag.one)} | {_plain(flag.other)}"


def _plain(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _operation(found: Found, *, several: bool, every: bool) -> Iterable[object]:
    between, differing = found.between, found.differing
    place = f"{between.program}:{differing.line}  {differing.text}"
    if several:
        place += f"  ({between.one} | {between.other})"
    if differing.cause.follows:
        place += "  (in consequence)"
    yield Padding(Text(printable(place)), (0, 0, 0, 2))
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    shown = differing.items if every else differing.items[:_ITEMS_MAX]
    for item in shown:
        table.add_row(*(Text(printable(text)) for text in (item.what, item.one, f"| {item.other}")))
    left = len(differing.items) - len(shown)
    if left:
        table.add_row(f"and {left} more", "", "")
    yield Padding(table, (0, 0, 0, 6))


def _more(group: Group, shown: Sequence[Found]) -> str:
    left = [one for one in group.found if one not in shown]
    follow = sum(one.differing.cause.follows for one in left)
    programs = len({one.between.program for one in left})
    text = f"... and {counted(len(left), 'more operation')} in {counted(programs, 'program')}"
    return f"{text}{f', {follow} of them in consequence' if follow else ''}: -v shows all"


# ---- what was not compared -------------------------------------------------------


def _left(left: Sequence[Left], *, every: bool) -> list[str]:
    """A line for each environment and reason."""
    groups: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
    for one in left:
        groups[one.environment, one.verdict.value, one.why].append(one.program)
    lines = []
    for (environment, verdict, why), programs in groups.items():
        named = programs if every else programs[:1]
        more = f" and {len(programs) - 1} more" if len(programs) > len(named) else ""
        lines.append(f"  {', '.join(named)}{more}  {verdict} on {environment}: {why}")
    if len(lines) > _LEFT_MAX and not every:
        lines[_LEFT_MAX:] = [f"  ... and {len(lines) - _LEFT_MAX} more: -v shows all"]
    return [printable("\n".join(["not compared:", *lines]))] if lines else []


def _drawn(parts: Iterable[object], width: int | None) -> str:
    """As text, in colour on a terminal unless NO_COLOR says no."""
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        width=width or _PLAIN_WIDTH,
        force_terminal=width is not None,
        color_system="standard" if width is not None else None,
        highlight=False,
    )
    for part in parts:
        console.print(part)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines())
