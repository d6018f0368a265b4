"""Kernel mutants, found by a campaign alone: no shipped program, no corpus, 6.1's own semantics."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from harness.arch import Arch
from harness.cache import Cache
from harness.errors import HarnessError
from harness.generate import EMPTY
from harness.jobs.backend import RealBackend
from harness.jobs.campaign.folder import CampaignFolder
from harness.jobs.campaign.memory import Asked, Memory
from harness.jobs.campaign.run import Run, Status
from harness.jobs.campaign.values import Campaign, Finding
from harness.jobs.settings import Settings
from harness.progress import Progress
from harness.report.progress import Display, Steps
from harness.verdict import Verdict

from .machine import median, table
from .mutant_tree import Mutant

HEAD = ("mutant", "function", "found as", "cause", "first seen", "shrunk", "to", "programs", "ops")
# "h = c: begin get_user_pages(...): ..."
_CALL = re.compile(r"(?:\w+ = )?(?:\w+: )?(?:begin )?(\w+)\(")


@dataclass(frozen=True, slots=True)
class Found:
    """What a campaign made of one mutant.

    Attributes:
        finding: that counts; None: there was none in time.
        seconds: until it was shrunk, or the time was up.
        programs, operations: how many had been checked by then.
    """

    mutant: Mutant
    finding: Finding | None
    seconds: float
    programs: int
    operations: int

    @property
    def first_seen(self) -> float:
        """Seconds of campaign until the program ran that is the finding's."""
        return max(0.0, self.seconds - (self.finding.seconds if self.finding else 0.0))

    def row(self) -> list[str]:
        """The columns of the table."""
        where = self.mutant.function.rpartition("/")[2]
        done = [str(self.programs), str(self.operations)]
        if self.finding is None:
            return [
                self.mutant.name,
                where,
                "NOT FOUND",
                "",
                "",
                f"{self.seconds:.0f} s",
                "",
                *done,
            ]
        said = [self.finding.verdict.value, self.finding.cause]
        times = [f"{self.first_seen:.0f} s", f"{self.seconds:.0f} s"]
        return [self.mutant.name, where, *said, *times, str(self.finding.operations), *done]


@dataclass(slots=True)
class _Sink:
    """Ends a campaign, as Ctrl-C would, once there is a finding that is enough."""

    display: Display
    label: str
    told: set[str]
    enough: Callable[[], bool] = bool  # none is
    findings: int = 0

    def building(self, label: str) -> AbstractContextManager[Progress]:
        return Steps(self.display, self.label)

    def line(self, text: str) -> None:
        if text not in self.told:
            self.told.add(text)
            self.display.line(f"{self.label}: {text}")

    def status(self, status: Status) -> None:
        words = f"{status.rate:.0f} operations/s, {status.findings} findings"
        self.display.state(self.label, words, status.done, status.total, status.unit)
        if status.findings > self.findings:
            self.findings = status.findings
            if self.enough():
                raise KeyboardInterrupt


@dataclass(frozen=True, slots=True)
class Bench:
    """Campaigns on one kernel and architecture.

    Attributes:
        kernel: as ``-k`` takes it.
        seconds: of each campaign, at most.
        jobs: workers, each with a guest.
        out: where the campaigns' folders go; None: nothing is kept.
        told: lines of progress that need no second time.
    """

    kernel: str
    arch: Arch
    seed: int
    seconds: float
    jobs: int
    out: Path | None
    cache: Cache
    display: Display
    told: set[str] = field(default_factory=set)

    def run(
        self, label: str, boot_args: tuple[str, ...], enough: Callable[[Finding], bool]
    ) -> tuple[Campaign, float]:
        """One campaign, until a finding is enough or its time is up; and the seconds it took."""
        settings = Settings(kernels=(self.kernel,), arches=(self.arch.name,), boot_args=boot_args)
        memory = Memory(Asked(self.seed, settings, self.seconds))
        sink = _Sink(self.display, f"{label} {self.arch.name}", self.told)
        with self._folder(label) as path:
            folder, backend = CampaignFolder.new(path), RealBackend(self.cache)
            job = Run(memory, EMPTY, folder, backend, sink, jobs=self.jobs, new=True)
            sink.enough = lambda: any(map(enough, memory.shown()))
            started = time.monotonic()
            record = job.execute()
            seconds = time.monotonic() - started
            self.display.finish(sink.label)
        if record.campaign is None or record.error:
            raise HarnessError(f"{sink.label}: {record.error or 'no campaign'}")
        return record.campaign, seconds

    @contextmanager
    def _folder(self, label: str) -> Iterator[Path]:
        if self.out is not None:
            yield self.out / f"{label}-{self.arch.name}"
            return
        with tempfile.TemporaryDirectory(prefix="pagelab-mutant-") as name:
            yield Path(name)

    def clean(self) -> frozenset[str]:
        """Causes of what a campaign finds with no mutant on: they are none of a mutant's."""
        campaign, _ = self.run("none", (), lambda _: False)
        return frozenset(one.cause for one in campaign.findings)

    def judge(self, mutant: Mutant, known: frozenset[str]) -> Found:
        """What a campaign finds with a mutant.

        Args:
            known: causes of what is found without it.
        """

        def counts(finding: Finding) -> bool:
            return is_its(finding, mutant, known)

        campaign, seconds = self.run(mutant.name, (mutant.boot_arg,), counts)
        finding = next(filter(counts, campaign.findings), None)
        tally = campaign.tally
        return Found(mutant, finding, seconds, tally.programs, tally.checked)


def is_its(finding: Finding, mutant: Mutant, known: frozenset[str]) -> bool:
    """Whether a finding is a mutant's: a mismatch, or a fault at a call that may rightly fault."""
    if finding.cause in known:
        return False
    if finding.verdict is Verdict.KERNEL_FAULT:
        call = _CALL.match(str(finding.detail.get("text", "")))
        return call is not None and call[1] in mutant.faults
    return finding.verdict is Verdict.MISMATCH


def measure(bench: Bench, mutants: Sequence[Mutant]) -> tuple[int, int]:
    """Prints the table; how many were found, and how many of these as MISMATCH."""
    known = bench.clean()
    for cause in sorted(known):
        print(f"  with no mutant on, so no mutant's: {cause}")
    found = []
    for mutant in mutants:
        found.append(bench.judge(mutant, known))
        print(table(HEAD, [found[-1].row()]).splitlines()[1], flush=True)
    print(f"{bench.arch.name}, by campaigns of at most {bench.seconds:g} s, seed {bench.seed}:")
    print(table(HEAD, [one.row() for one in found]))
    there = [one.finding for one in found if one.finding is not None]
    times = [one.seconds for one in found if one.finding is not None]
    print(f"  until shrunk: median {median(times):.0f} s, worst {max(times, default=0):.0f} s")
    return len(there), sum(one.verdict is Verdict.MISMATCH for one in there)
