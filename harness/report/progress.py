"""Progress on standard error: bars with the time left on a terminal, plain lines without one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Self, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

_QUIET_SECONDS = 30.0  # without a terminal: at most one line of progress in that time
_SURE_SECONDS = 10.0  # sooner nobody guesses how long it takes


class _Console(Console):
    """Rich's own answer to a reader who left is to end the program."""

    def on_broken_pipe(self) -> None:
        self.quiet = True


def far(done: float, total: float | None, unit: str) -> str:
    """``12.1 of 139.3 MB``, ``31 of 62 steps of make``, ``7``."""
    if unit == "B":
        done, total = done / 1e6, total and total / 1e6
        return f"{done:.1f} of {total:.1f} MB" if total else f"{done:.1f} MB"
    text = f"{done:.0f} of {total:.0f}" if total else f"{done:.0f}"
    return f"{text} {unit}" if unit else text


def left(done: float, total: float | None, begun: float, seconds: float) -> str:
    """How long a step still takes, ``about 12 min left``; "" while nobody can say.

    Args:
        done, total: how far it is.
        begun: how far it was when we began to look, as one that goes on may have been.
        seconds: since when.
    """
    if not total or done - begun < total / 50 or seconds < _SURE_SECONDS:
        return ""
    rest = (total - done) * seconds / (done - begun)
    return f"about {rest / 60:.0f} min left" if rest >= 90 else f"about {rest:.0f} s left"


def _title(label: str, name: str) -> str:
    return f"{label}: {name}" if name else label


class _FarColumn(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(far(task.completed, task.total, task.fields["unit"]) if task.completed else "")


class Steps:
    """Progress of one environment's build (a harness.progress.Progress); gone when left."""

    def __init__(self, display: Display, label: str) -> None:
        self._display = display
        self._label = label

    def step(self, name: str, unit: str = "") -> None:
        """Something new begins."""
        self._display.step(self._label, name, unit)

    def update(self, done: float, total: float | None) -> None:
        """How far the step is, in its unit."""
        self._display.update(self._label, done, total)

    def line(self, text: str) -> None:
        """Something worth a line of its own."""
        self._display.line(f"{self._label}: {text}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._display.finish(self._label)


class Display:
    """What standard error shows while a job goes on; used from several threads.

    Args:
        stream: standard error.
        quiet: nothing at all.
    """

    def __init__(self, stream: TextIO, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._lock = threading.Lock()
        self._console = _Console(file=stream, highlight=False, soft_wrap=True)
        self._live = self._console.is_terminal and not quiet
        self._bars: dict[str, TaskID] = {}
        self._steps: dict[str, tuple[str, str]] = {}
        self._told: dict[str, float] = {}
        self._begun: dict[str, tuple[float, float]] = {}
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            _FarColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not self._live,
        )
        self._started = False

    def line(self, text: str) -> None:
        """A line that stays."""
        if self._quiet:
            return
        self._safely(lambda: self._progress.console.print(text, markup=False))

    def step(self, label: str, name: str, unit: str = "") -> None:
        """A label's next step begins; its bar starts anew."""
        with self._lock:
            new = self._steps.get(label) != (name, unit)
            self._steps[label] = name, unit
            self._told[label] = time.monotonic()
            if new:
                self._begun.pop(label, None)
        if self._live and new:
            self._bar(label, 0, None, anew=True)
        elif new:
            self.line(f"{label}: {name}")

    def update(self, label: str, done: float, total: float | None) -> None:
        """How far a label's step is."""
        if self._live:
            self._bar(label, done, total)
            return
        with self._lock:
            now = time.monotonic()
            due = now - self._told.setdefault(label, now) >= _QUIET_SECONDS
            if due:
                self._told[label] = now
            name, unit = self._steps.get(label, ("", ""))
            since, begun = self._begun.setdefault(label, (now, done))
        if due:
            parts = (far(done, total, unit), left(done, total, begun, now - since))
            self.line(f"{_title(label, name)}: {', '.join(filter(None, parts))}")

    def state(self, label: str, name: str, done: float, total: float | None, unit: str) -> None:
        """How far a label is that has one step, and what is to be said of it just now."""
        with self._lock:
            self._steps[label] = name, unit
        if self._live:
            self._bar(label, done, total, named=True)
        else:
            self.update(label, done, total)

    def finish(self, label: str) -> None:
        """A label has nothing more to show."""
        with self._lock:
            bar = self._bars.pop(label, None)
        if bar is not None:
            self._safely(lambda: self._progress.remove_task(bar))

    def close(self) -> None:
        """Takes the bars away; lines may still be written."""
        with self._lock:
            started, self._started = self._started, False
            self._live = False
        if started:
            self._safely(self._progress.stop)

    def _bar(
        self,
        label: str,
        done: float,
        total: float | None,
        *,
        anew: bool = False,
        named: bool = False,
    ) -> None:
        with self._lock:
            if not self._live:
                return
            if not self._started:
                self._started = True
                self._safely(self._progress.start)
            name, unit = self._steps.get(label, ("", ""))
            text = _title(label, name)
            if label not in self._bars:
                self._bars[label] = self._progress.add_task(text, total=total, unit=unit)
            elif named:
                self._progress.update(self._bars[label], description=text, unit=unit)
            elif anew:
                self._progress.reset(self._bars[label], description=text, unit=unit)
            bar = self._bars[label]
        self._safely(lambda: self._progress.update(bar, completed=done, total=total))

    def _safely(self, action: Callable[[], object]) -> None:
        """Nobody may read standard error any more; that stops no job."""
        try:
            action()
        except OSError:
            self._live = False
