"""Which traces run which line of the model, and how long each takes to be checked."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import check
from harness.errors import HarnessError
from harness.trace import Trace
from harness.verdict import Verdict

from .judge import Recorded, compiled
from .mutate import REQUIREMENTS, Mutant


@dataclass(frozen=True, slots=True)
class Reach:
    """What the true model made of all traces.

    Attributes:
        passing: the cheapest first.
        other: names of those that do not pass: they can notice nothing.
        lines: module -> line -> numbers of `passing`.
    """

    passing: Sequence[Recorded]
    other: Sequence[str]
    lines: Mapping[str, Mapping[int, frozenset[int]]]

    def traces(self, mutant: Mutant) -> list[Recorded]:
        """Those that run what a mutant changes, the cheapest first."""
        if mutant.lines is None:
            return list(self.passing)
        lines = self.lines.get(mutant.module, {})
        first, last = mutant.lines
        found: set[int] = set()
        for line in range(first, last + 1):
            found |= lines.get(line, frozenset())
        return [self.passing[at] for at in sorted(found)]


def _name(trace: Trace) -> str:
    environment = trace.header.environment
    return f"{environment.kernel} {environment.arch} {trace.header.program}"


def reach(traces: Iterable[Trace], folder: Path) -> Reach:
    """Checks every trace by the true model.

    Args:
        folder: of the model's modules.

    Raises:
        HarnessError: coverage is not installed.
    """
    try:
        from coverage import Coverage
    except ImportError:
        raise HarnessError(
            f"coverage is missing: .venv/bin/pip install -r {REQUIREMENTS}"
        ) from None
    watch = Coverage(
        data_file=None, config_file=False, include=[str(folder / "*.py")], messages=False
    )
    watch.set_option("run:core", "ctrace")
    passing: list[tuple[Recorded, str]] = []
    other = []
    for number, trace in enumerate(traces):
        program = compiled(trace)
        watch.start()
        watch.switch_context(str(number))
        before = time.process_time()
        checked = check.check_trace(trace, compiled=program)
        seconds = time.process_time() - before
        watch.stop()
        if checked.verdict is Verdict.PASS:
            one = Recorded(_name(trace), trace, program, seconds, checked.exact)
            passing.append((one, str(number)))
        else:
            other.append(_name(trace))
    passing.sort(key=lambda one: one[0].seconds)
    place = {number: at for at, (_, number) in enumerate(passing)}
    data = watch.get_data()
    lines = {
        Path(file).stem: {
            line: frozenset(place[number] for number in numbers if number in place)
            for line, numbers in data.contexts_by_lineno(file).items()
        }
        for file in data.measured_files()
    }
    return Reach([one for one, _ in passing], other, lines)
