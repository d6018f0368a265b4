"""Campaigns: checked operations a second of generated programs, and where the time goes.

One guest and one thread first, so that every part's processor time is known: generated programs
checked, unchecked, unchecked with one snapshot at the end (what the guest can do without
streaming), and programs that do nothing (a forked child each). Then whole campaigns with 1, 2 and 4
workers, and what a guest costs that is lost. Generating counts in campaigns alone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from harness import language, layout
from harness.arch import Arch
from harness.errors import HarnessError
from harness.generate import EMPTY, Generated, Generator
from harness.jobs.backend import Choice, RealBackend
from harness.jobs.campaign.folder import CampaignFolder
from harness.jobs.campaign.memory import Asked, Memory
from harness.jobs.campaign.run import Run, Status
from harness.jobs.campaign.station import Death, Station
from harness.jobs.settings import Settings
from harness.progress import SILENT, Progress

from .bench_memory import tree
from .bench_rate import Oracle
from .machine import Judged, Plan, median, table

RATE, CHECK_MICROSECONDS, FORKS, LOST_SECONDS, MEMORY_MB = 5000.0, 100.0, 0.5, 0.5, 300.0
SEED = 7
WORKERS = (1, 2, 4)
_KILLS = 5
_IDLE = "statm()\n"


@dataclass(frozen=True, slots=True)
class Measured:
    """One guest's run, in one thread.

    Attributes:
        rate, programs: operations and programs a second, wall clock.
        python, check, qemu: processor time, µs an operation.
    """

    rate: float
    programs: float
    python: float
    check: float
    qemu: float


def generated(count: int) -> list[Generated]:
    """The first programs of a seed."""
    generator = Generator(SEED)
    return [generator.program(at) for at in range(count)]


def idle(count: int) -> list[Generated]:
    """Programs that are a forked child and nothing else."""
    program = language.parse(_IDLE, "idle.mm")
    compiled = layout.compile_program(program)
    return [Generated(at, program, _IDLE, compiled, frozenset()) for at in range(count)]


class Feed:
    """A station with a list of programs."""

    def __init__(
        self,
        oracle: RealBackend,
        plan: Plan,
        arch: Arch,
        programs: Sequence[Generated],
        folder: Path,
        observe: Literal["each", "end"] = "each",
    ) -> None:
        self._left = deque(programs)
        self.deaths: list[Death] = []
        prepared = oracle.prepare(plan.kernel, arch, Choice(), SILENT)
        self.station = Station(
            prepared,
            oracle,
            observe,
            self._more,
            lambda: folder / "console.log",
            self.deaths.append,
            lambda text: None,
        )

    def _more(self) -> bool:
        if not self._left:
            return False
        self.station.add(self._left.popleft())
        return True


def measure(
    plan: Plan,
    arch: Arch,
    programs: Sequence[Generated],
    folder: Path,
    *,
    checks: bool,
    observe: Literal["each", "end"] = "each",
) -> Measured:
    """Programs on one guest; its first hundred, while QEMU translates, do not count."""
    warm = min(100, len(programs) // 4)
    oracle = Oracle(plan, checks=checks)
    feed = Feed(oracle, plan, arch, programs, folder, observe)
    began = own = check = 0.0
    operations = results = 0
    try:
        while (told := feed.station.next()) is not None:
            results += 1
            if results == warm:
                began, own, check = time.monotonic(), time.thread_time(), oracle.seconds
            elif results > warm:
                operations += len(told[0].compiled.ops)
        seconds, used = time.monotonic() - began, time.thread_time() - own
    finally:
        feed.station.close()
    if results != len(programs) or not operations:
        raise HarnessError(f"{arch.name}: not measured: {results} of {len(programs)} programs")
    whole = sum(len(one.compiled.ops) for one in programs)
    return Measured(
        rate=operations / seconds,
        programs=(results - warm) / seconds,
        python=used / operations * 1e6,
        check=(oracle.seconds - check) / operations * 1e6,
        qemu=oracle.qemu / whole * 1e6,
    )


@dataclass(slots=True)
class Clock:
    """A campaign's listener: when operations were checked, and what its workers take.

    Attributes:
        first: monotonic time of the first status that tells of one.
        memory: peak of this process and all workers together, MB.
    """

    first: float = 0.0
    last: float = 0.0
    memory: float = 0.0
    said: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def building(self, label: str) -> Iterator[Progress]:
        """Nobody listens."""
        del label
        yield SILENT

    def line(self, text: str) -> None:
        """Findings, for whoever asks."""
        self.said.append(text)

    def status(self, status: Status) -> None:
        """Keeps the time."""
        self.last = time.monotonic()
        if status.rate:
            self.first = self.first or self.last
        self.memory = max(self.memory, workers_memory())


def workers_memory() -> float:
    """Peak memory of this process and of all workers that it has, MB."""
    total = 0.0
    for pid in tree(os.getpid()):
        with contextlib.suppress(OSError, ValueError):
            entry = Path(f"/proc/{pid}")
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if pid == os.getpid() or b"harness.jobs.campaign.worker" in words:
                for line in (entry / "status").read_text().splitlines():
                    if line.startswith("VmHWM:"):
                        total += int(line.split()[1]) / 1024
    return total


def campaign(plan: Plan, arch: Arch, folder: Path, jobs: int) -> tuple[float, float]:
    """Checked operations a second of a whole campaign, and its memory in MB."""
    clock = Clock()
    settings = Settings().but(kernels=[plan.kernel], arches=[arch.name])
    memory = Memory(Asked(SEED, settings, programs=plan.programs))
    target = CampaignFolder.new(Path(tempfile.mkdtemp(dir=folder)))
    job = Run(memory, EMPTY, target, RealBackend(plan.cache), clock, jobs=jobs, new=True)
    record = job.execute()
    if record.error or record.campaign is None:
        raise HarnessError(f"{arch.name}: not measured: {record.error}")
    seconds = clock.last - clock.first
    return record.campaign.tally.checked / max(seconds, 1e-3), clock.memory


def lost(plan: Plan, arch: Arch, folder: Path) -> float:
    """Seconds that a guest costs which is killed: from there to the next result."""
    programs = generated(_KILLS * 40)
    feed = Feed(Oracle(plan, checks=True), plan, arch, programs, folder)
    gaps: list[float] = []
    try:
        for at in range(len(programs)):
            if at % 40 == 20:
                os.kill(feed.station.pid, signal.SIGKILL)
                before = time.monotonic()
                while len(feed.deaths) == len(gaps) and feed.station.next():
                    pass  # what the guest had said before
                feed.station.next()
                gaps.append(time.monotonic() - before)
            if feed.station.next() is None:
                break
    finally:
        feed.station.close()
    return median(gaps)


def run(plan: Plan) -> Iterable[Judged]:
    """Prints the tables; gives what has a limit."""
    with tempfile.TemporaryDirectory(prefix="pagelab-bench-") as folder:
        return [one for arch in plan.arches for one in _arch(plan, arch, Path(folder))]


def _arch(plan: Plan, arch: Arch, folder: Path) -> Iterator[Judged]:
    plan.built(arch)
    programs, nothing = generated(plan.programs), idle(plan.programs)
    found: dict[str, list[Measured]] = {}
    ways: tuple[tuple[str, list[Generated], bool, Literal["each", "end"]], ...] = (
        ("checked", programs, True, "each"),
        ("unchecked", programs, False, "each"),
        ("one snapshot, unchecked", programs, False, "end"),
        ("a child that does nothing", nothing, False, "end"),
    )
    for _ in range(plan.rounds):
        for name, some, checks, observe in ways:
            measured = measure(plan, arch, some, folder, checks=checks, observe=observe)
            found.setdefault(name, []).append(measured)
    middle = {name: _middle(several) for name, several in found.items()}
    rows = [
        [
            name,
            *(
                f"{value:.0f}"
                for value in (one.rate, one.programs, one.python, one.check, one.qemu)
            ),
        ]
        for name, one in middle.items()
    ]
    print(f"fuzz, {arch.name}: {plan.programs} programs, one guest, medians of {plan.rounds}")
    head = ("", "operations/s", "programs/s", "pagelab µs/op", "check µs/op", "QEMU µs/op")
    print(table(head, rows))
    rates = {jobs: campaign(plan, arch, folder, jobs) for jobs in WORKERS}
    rows = [[str(jobs), f"{rate:.0f}", f"{memory:.0f}"] for jobs, (rate, memory) in rates.items()]
    print(table(("workers", "checked operations/s", "pagelab MB"), rows))
    share = middle["unchecked"].programs / middle["a child that does nothing"].programs
    yield Judged(f"checked operations/s, {arch.name}, 2 workers", rates[2][0], RATE, True)
    yield Judged(f"check, {arch.name}, µs", middle["checked"].check, CHECK_MICROSECONDS)
    yield Judged(f"programs/s beside empty children, {arch.name}", share, FORKS, True)
    yield Judged(f"a guest lost, {arch.name}, s", lost(plan, arch, folder), LOST_SECONDS)
    yield Judged(f"memory with 2 workers, {arch.name}, MB", rates[2][1], MEMORY_MB)


def _middle(several: Sequence[Measured]) -> Measured:
    names = Measured.__dataclass_fields__
    return Measured(*(median([getattr(one, name) for one in several]) for name in names))
