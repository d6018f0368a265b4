"""Checked operations a second, by the job that `pagelab run` is, with one guest.

The texts of programs/ (12 operations each, snapshots of 16 pages) again and
again, each with a comment of its own so that no two are the same text. Parsing
and compiling them counts, and so do writing and reading their traces; the
guest's boot does not. Unchecked is the same job with an oracle that looks at
nothing.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness import guest, language, layout
from harness.arch import Arch
from harness.check import Checked, check_trace
from harness.errors import HarnessError
from harness.jobs.backend import Choice, Prepared, RealBackend
from harness.jobs.folder import RunFolder
from harness.jobs.programs import Source
from harness.jobs.results import Result
from harness.jobs.run import Options, Run
from harness.jobs.session import Guest
from harness.program import Compiled
from harness.progress import SILENT, Progress
from harness.trace import Trace
from harness.verdict import Verdict

from .machine import Judged, Plan, median, processor_seconds, table

RATE, CHECK_MICROSECONDS = 2500.0, 150.0
OPERATIONS = 12
PROGRAMS = Path(__file__).parent / "programs"


class Oracle(RealBackend):
    """The world with an oracle whose processor time is kept, or with one that looks at nothing.

    Attributes:
        seconds: processor time of all checks.
        qemu: the guests', without their boots.
    """

    def __init__(self, plan: Plan, *, checks: bool) -> None:
        super().__init__(plan.cache)
        self.seconds = 0.0
        self.qemu = 0.0
        self._checks = checks

    def prepare(self, kernel: str, arch: Arch, choice: Choice, progress: Progress) -> Prepared:
        """The real world's, but that QEMU's processor time from its hello on is kept."""
        prepared = super().prepare(kernel, arch, choice, progress)

        @contextlib.contextmanager
        def boot(console: Path) -> Iterator[Guest]:
            with prepared.boot(console) as booted:
                assert isinstance(booted, guest.Guest)
                before = processor_seconds(booted.pid)
                yield booted
                with contextlib.suppress(OSError):  # it was killed
                    self.qemu += processor_seconds(booted.pid) - before

        return replace(prepared, boot=boot)

    def check(self, trace: Trace, compiled: Compiled) -> Checked:
        """The real check, timed in its own thread, or none."""
        if not self._checks:
            return Checked(Verdict.PASS, OPERATIONS, OPERATIONS)
        before = time.thread_time()
        try:
            return check_trace(trace, compiled=compiled)
        finally:
            self.seconds += time.thread_time() - before


@dataclass(slots=True)
class Clock:
    """A run's listener that keeps when results came.

    Attributes:
        first, last: monotonic time of the first result and of the last.
        wrong: verdicts other than PASS, with the program.
    """

    first: float = 0.0
    last: float = 0.0
    results: int = 0
    wrong: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def building(self, label: str) -> Iterator[Progress]:
        """Nobody listens."""
        del label
        yield SILENT

    def line(self, text: str) -> None:
        """Nobody listens."""

    def result(self, result: Result, total: int) -> None:
        """Keeps the time."""
        del total
        self.last = time.monotonic()
        self.first = self.first or self.last
        self.results += 1
        if result.verdict is not Verdict.PASS:
            self.wrong.append(f"{result.program}: {result.verdict.value} {result.detail}")


@dataclass(frozen=True, slots=True)
class Measured:
    """One run.

    Attributes:
        rate: operations a second, wall clock.
        python: pagelab's processor time, µs an operation.
        check: the check's own, µs an operation.
        qemu: the guest's, µs an operation, without its boot.
    """

    rate: float
    python: float
    check: float
    qemu: float

    @property
    def room(self) -> float:
        """What two cores with nothing else to do would allow, operations a second."""
        return 1e6 / max(self.python, self.qemu)


def sources(number: int) -> list[Source]:
    """So many programs, parsed and compiled.

    Raises:
        HarnessError: one has not twelve operations.
    """
    texts = [(path, path.read_text("utf-8")) for path in sorted(PROGRAMS.glob("*.mm"))]
    made = []
    for count in range(number):
        path, text = texts[count % len(texts)]
        name, text = f"{count}-{path.name}", f"# {count}\n{text}"
        compiled = layout.compile_program(language.parse(text, name))
        if len(compiled.ops) != OPERATIONS:
            raise HarnessError(f"{path.name} has {len(compiled.ops)} operations")
        made.append(Source(name, path, text, compiled))
    return made


def measure(plan: Plan, arch: Arch, folder: Path, *, checks: bool) -> Measured:
    """One run with one guest, its run folder made in `folder` and left there.

    Raises:
        HarnessError: a program did not pass.
    """
    oracle, clock = Oracle(plan, checks=checks), Clock()
    started, own = time.monotonic(), time.process_time()
    programs = sources(plan.programs)
    compiling = time.monotonic() - started
    options = Options((plan.kernel,), (arch,), Choice(), jobs=1)
    run_folder = RunFolder(Path(tempfile.mkdtemp(dir=folder)))
    record = Run(options, programs, run_folder, oracle, clock).execute()
    if record.error or clock.wrong or clock.results != plan.programs:
        problem = record.error or "; ".join(clock.wrong[:3]) or "programs are missing"
        raise HarnessError(f"{arch.name}: not measured: {problem}")
    operations = OPERATIONS * plan.programs
    # What came with the first result was under way before: it does not count.
    seconds = compiling + clock.last - clock.first
    return Measured(
        rate=(operations - OPERATIONS) / seconds,
        python=(time.process_time() - own) / operations * 1e6,
        check=oracle.seconds / operations * 1e6,
        qemu=oracle.qemu / operations * 1e6,
    )


def run(plan: Plan) -> Iterable[Judged]:
    """Prints the table; gives rate and checker's time of each architecture."""
    # Nothing is removed before all is measured: for half a minute ext4 passes over the places
    # of files that are gone (find_inode_bit, recently_deleted), which doubled a run's Python.
    with tempfile.TemporaryDirectory(prefix="pagelab-bench-") as folder:
        return _run(plan, Path(folder))


def _run(plan: Plan, folder: Path) -> Iterable[Judged]:
    rows, found = [], []
    for arch in plan.arches:
        plan.built(arch)
        middles = {}
        runs: dict[bool, list[Measured]] = {True: [], False: []}
        for _ in range(plan.rounds):
            for checks in (False, True):
                runs[checks].append(measure(plan, arch, folder, checks=checks))
        for checks, several in runs.items():
            middle = Measured(
                *(
                    median([getattr(one, name) for one in several])
                    for name in Measured.__dataclass_fields__
                )
            )
            middles[checks] = middle
            numbers = (middle.rate, middle.python, middle.check, middle.qemu, middle.room)
            label = f"{arch.name}, {'checked' if checks else 'unchecked'}"
            rows.append([label, *(f"{value:.0f}" for value in numbers)])
        share = middles[True].rate / middles[False].rate
        rows.append([f"{arch.name}, ratio", f"{share:.2f}", "", "", "", ""])
        found.append(Judged(f"checked operations/s, {arch.name}", middles[True].rate, RATE, True))
        found.append(Judged(f"check, {arch.name}, µs", middles[True].check, CHECK_MICROSECONDS))
    print(
        f"rate: {plan.programs} programs of {OPERATIONS} operations, one guest, "
        f"medians of {plan.rounds}, alternating"
    )
    head = ("", "operations/s", "pagelab µs/op", "check µs/op", "QEMU µs/op", "room/s")
    print(table(head, rows))
    return found
