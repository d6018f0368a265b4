"""What probing told of a kernel's flags, for people. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ..check.probe import Standing, Told
from ..jobs.results import Probe, Record
from ..model.telling import TELLING
from .terminal import details, summary
from .text import printable


def render(record: Record, *, quiet: bool = False, verbose: bool = False) -> str:
    """A table of flags a kernel, what of them differs, and what that means.

    Args:
        record: of a probing.
        quiet: without the table.
        verbose: all details of what failed, too.
    """
    blocks = details(record, verbose=verbose)
    for probe in record.probes:
        if not quiet:
            blocks.append("\n".join(_table(probe)))
        blocks.append("\n".join(_conclusion(probe)))
    end = [summary(record)]
    if record.folder:
        end.append(record.folder)
    blocks.append("\n".join(end))
    return printable("\n\n".join(blocks) + "\n")


def shown(value: object) -> str:
    """A flag's value: as JSON has it, a word without quotes."""
    return value if isinstance(value, str) else json.dumps(value)


def _table(probe: Probe) -> list[str]:
    rows = [("flag", "value", probe.nearest, "told by")]
    rows += [_row(probe, told) for told in probe.found.flags]
    widths = [max(len(row[at]) for row in rows) for at in range(3)]
    lines = [f"{', '.join(probe.environments)}: flags, starting from {probe.nearest}"]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True)]
        lines.append("  ".join((*cells, row[3])))
    return lines


def _row(probe: Probe, told: Told) -> tuple[str, str, str, str]:
    if told.standing is Standing.TOLD:
        by = ", ".join(told.programs)
        same = "" if told.differs else "the same"
        return told.flag, shown(told.value), same or shown(told.start), by
    return told.flag, shown(told.value), "kept", f"{told.standing.value}: {_why(probe, told)}"


def _why(probe: Probe, told: Told) -> str:
    if told.standing is Standing.OPEN and not told.programs:
        reasons = [
            f"{name}: {probe.unrun[name]}"
            for name in TELLING[told.flag].programs
            if name in probe.unrun
        ]
        return "; ".join(reasons) or told.why
    return f"{told.why} ({', '.join(told.programs)})"


def _conclusion(probe: Probe) -> list[str]:
    flags = probe.found.flags
    lines = []
    for told in flags:
        if told.differs:
            value, start = shown(told.value), shown(told.start)
            lines.append(f"differs from {probe.nearest}: {told.flag} is {value}, not {start}")
    for told in flags:
        if told.standing is Standing.UNFIT:
            lines.append(f"no value fits: {told.flag}: {_why(probe, told)}")
    left = sum(told.standing is Standing.OPEN for told in flags)
    count = f"{len(probe.found.learnt)} of {len(flags)} flags told"
    kept = f", {left} kept as {probe.nearest} has them" if left else ""
    lines.append(f"{', '.join(probe.environments)}: {count}{kept}; {_verdict(probe)}")
    return lines


def _verdict(probe: Probe) -> str:
    if probe.known:
        mine = "its results are judged by its own line's flags"
    else:
        mine = "its results say probed"
    if probe.found.releases:
        return f"as in {_listed(probe.found.releases)}: {mine}"
    unlike = "no known release has this set"
    if probe.accepted:
        return f"{unlike}, which was accepted: {mine}"
    return f"{unlike}: a regression, or a release that is new: --accept-probed takes it as it is"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(names) if len(names) < 3 else f"{', '.join(names[:-1])} and {names[-1]}"
