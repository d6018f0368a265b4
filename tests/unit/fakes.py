"""A world for the run job without QEMU, kernel or model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness import abi, trace
from harness.arch import Arch
from harness.check import Exactness, Sign
from harness.configuration import Configuration
from harness.environment import DEFAULT_CPU, Environment
from harness.errors import BootFailed, PagelabError
from harness.guest import Request, Result
from harness.jobs.backend import Choice, Prepared
from harness.jobs.results import ClaimResult
from harness.program import Compiled
from harness.progress import Progress
from harness.verdict import Verdict

END = (1 << 32) - 1
# What a fake guest makes of a program: what the checker shall say, or how the run ends.
CODES = {verdict: number for number, verdict in enumerate(Verdict)}
VERDICTS = {number: verdict for verdict, number in CODES.items()}


@dataclass(frozen=True)
class Checked:
    """What the fake checker says."""

    verdict: Verdict
    operations: int = 2
    checked: int = 2
    detail: dict[str, Any] | None = None
    claims: tuple[ClaimResult, ...] = ()
    allowances: dict[str, int] | None = None
    exact: Exactness = field(default_factory=Exactness)
    sign: Sign | None = None


@dataclass(frozen=True)
class Fate:
    """What becomes of one program on one guest.

    Attributes:
        says: what the checker will say.
        ending: verdict of the ending; "" is a clean one.
        complete: the guest's END record arrives.
    """

    says: Verdict = Verdict.PASS
    ending: str = ""
    complete: bool = True


@dataclass
class Seen:
    """A guest that was booted, and what it was given.

    Attributes:
        number: from 1, in the order of boots.
    """

    number: int
    arch: str
    ran: list[str] = field(default_factory=list)
    stream: bool = False


Script = Callable[[str, Seen], Fate]


def outcome(kind: abi.Kind, ret: int, operation: int = 0) -> bytes:
    """One record as the guest sends it."""
    return abi.OUTCOME.pack(operation, kind, 0, 0, 0, 0, 0, ret, 0, 0, 0)


class FakeGuest:
    """Pulls two programs ahead, as a real one does, and ends each as its script says."""

    usable = True
    pid = 0

    def __init__(self, world: World, seen: Seen, environment: Environment) -> None:
        self.environment = environment
        self._world = world
        self._seen = seen

    def run(self, requests: Iterator[Request | None]) -> Iterator[Result]:
        window: list[Request] = []
        while True:
            while len(window) < 2 and (request := next(requests, None)) is not None:
                window.append(request)
            if not window:
                return
            request = window.pop(0)
            made = self._one(request)
            if request.trace is None:
                yield Result(request, made.ending, made)
            else:
                request.trace.write_bytes(made.encode())
                yield Result(request, made.ending)
            if made.ending.verdict:
                self.usable = False
                return

    def _one(self, request: Request) -> trace.Recording:
        name = Path(request.program).name
        self._seen.ran.append(name)
        self._seen.stream = request.stream
        fate = self._world.script(name, self._seen)
        count = len(request.compiled.ops)
        body = b""
        for number in range(count if fate.complete else count - 1):
            body += outcome(abi.Kind.VALUE, CODES[fate.says], number)
        if fate.complete:
            body += outcome(abi.Kind.END, count, END)
        ending = trace.Ending(fate.ending, "what happened" if fate.ending else "", "tail")
        header = trace.Header(self.environment, request.program, request.text, request.observe)
        return trace.Recording(header, (body,), ending)


@dataclass
class World:
    """A backend.

    Attributes:
        script: what becomes of a program on a guest.
        boots: raised instead of the n-th boot (from 1).
        builds: raised instead of the build for an architecture.
        guests: what was booted.
    """

    script: Script = lambda name, seen: Fate()
    boots: dict[int, Exception] = field(default_factory=dict)
    builds: dict[str, Exception] = field(default_factory=dict)
    guests: list[Seen] = field(default_factory=list)
    check_error: Exception | None = None
    stopped: bool = False

    def check_names(
        self, kernels: Sequence[str], arches: Sequence[Arch], config: Configuration
    ) -> None:
        """Every name is known."""

    def prepare(self, kernel: str, arch: Arch, choice: Choice, progress: Progress) -> Prepared:
        if arch.name in self.builds:
            raise self.builds[arch.name]
        progress.step("building")
        environment = Environment(
            kernel=f"{kernel.removesuffix('.192')}.192",
            arch=arch.name,
            config=choice.config.name,
            cpu=choice.cpu or DEFAULT_CPU[arch.name],
            boot_args=choice.boot_args,
        )

        @contextmanager
        def boot(console: Path) -> Iterator[FakeGuest]:
            console.write_text("console\n")
            seen = Seen(len(self.guests) + 1, arch.name)
            self.guests.append(seen)
            if seen.number in self.boots:
                raise self.boots[seen.number]
            yield FakeGuest(self, seen, replace(environment, boot_seconds=0.5))

        make: Callable[[Path], AbstractContextManager[FakeGuest]] = boot
        return Prepared(environment, make, "a note")

    def check(self, read: trace.Trace, compiled: Compiled) -> Checked:
        assert len(compiled.ops) >= len(read.outcomes)
        if self.check_error is not None:
            raise self.check_error
        verdict = VERDICTS[read.outcomes[0].ret]
        bad = verdict is not Verdict.PASS
        detail = {"operation": 0, "line": 1, "text": "differs", "observed": {}, "allowed": []}
        return Checked(
            verdict,
            checked=min(2, len(read.outcomes)),
            detail=detail | {"source": "6.1 mm/x.c f"} if bad else None,
        )

    def stop(self) -> None:
        self.stopped = True


def boot_failed(text: str = "no hello") -> PagelabError:
    """What a guest that never spoke raises."""
    return BootFailed(text, tail="last words")
