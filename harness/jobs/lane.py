"""What a run knows of one environment, and of one difference, while it goes on."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ..arch import Arch
from ..environment import DEFAULT_CPU, Environment
from ..verdict import Verdict
from .backend import Choice, Prepared
from .programs import Source, boot_args_asked, unmet
from .results import Result, infrastructure_detail
from .session import Session, Task

DEATHS_MAX = 3  # guests in a row that die without finishing a program
_PROGRAMS_A_GUEST = 64  # fewer are not worth a second guest's boot


@dataclass(eq=False, slots=True)
class Lane:
    """One environment on its way.

    Attributes:
        kernel: as the user named it.
        choice: what the command line chose, and boot parameters that its programs ask for.
        sources: the programs that are to run in it.
        environment: as far as it is known.
        waiting: programs that no guest has.
        sessions: guests that run first-time programs.
        deaths: guests in a row that died without finishing a program.
        given_up: verdict and text for all programs that are left, once there is no hope.
    """

    number: int
    kernel: str
    arch: Arch
    choice: Choice
    sources: list[Source]
    environment: Environment
    prepared: Prepared | None = None
    booted: bool = False
    waiting: deque[Task] = field(default_factory=deque)
    sessions: int = 0
    deaths: int = 0
    given_up: tuple[Verdict, str] | None = None

    def take(self) -> Task | None:
        """The next program; any thread may ask."""
        try:
            return self.waiting.popleft()
        except IndexError:
            return None

    def give_back(self, tasks: list[Task]) -> None:
        """Programs that a guest did not come to: the next ones again."""
        self.waiting.extendleft(reversed(tasks))

    def wants_guest(self, share: int) -> bool:
        """Whether what waits is worth one more guest's boot.

        Args:
            share: how many guests the lane may have.
        """
        worth = -(-len(self.waiting) // _PROGRAMS_A_GUEST)
        return self.sessions < min(share, worth)

    def died(self, session: Session, verdict: Verdict, text: str) -> None:
        """Counts a guest's death; gives the lane up after too many that achieved nothing."""
        self.deaths = 0 if session.finished else self.deaths + 1
        if self.deaths >= DEATHS_MAX:
            why = f"not run: {self.deaths} guests in a row ended without finishing a program"
            self.given_up = verdict, f"{why}; the last: {text}"

    def unrun(self, source: Source, verdict: Verdict, text: str, tail: str = "") -> Result:
        """The result of a program that never ran here."""
        return Result(
            program=source.name,
            environment=self.environment.id,
            kernel=self.environment.kernel,
            arch=self.arch.name,
            verdict=verdict,
            operations=0 if verdict is Verdict.SKIPPED else len(source.compiled.ops),
            detail=infrastructure_detail(text, tail=tail),
        )


def unbuilt(
    number: int, kernel: str, arch: Arch, choice: Choice, sources: Sequence[Source]
) -> Lane:
    """A lane of which nothing is known but the command line's words."""
    environment = Environment(
        kernel=kernel,
        arch=arch.name,
        config=choice.config.name,
        cpu=choice.cpu or DEFAULT_CPU[arch.name],
        boot_args=choice.boot_args,
    )
    return Lane(number, kernel, arch, choice, list(sources), environment)


def split(lane: Lane, numbers: Iterator[int]) -> list[Lane]:
    """Takes the programs out that ask for boot parameters which a lane has not.

    Args:
        lane: its environment is known.
        numbers: for the lanes that are made.

    Returns:
        A lane for each set of such parameters.
    """
    apart: dict[tuple[str, ...], list[Source]] = {}
    for source in lane.sources:
        have = lane.choice.boot_args
        lacking = tuple(arg for arg in boot_args_asked(source) if arg not in have)
        better = replace(lane.environment, boot_args=have + lacking)
        if lacking and unmet(source, better) is None:
            apart.setdefault(lacking, []).append(source)
    taken = [source for several in apart.values() for source in several]
    lane.sources = [source for source in lane.sources if source not in taken]
    return [
        unbuilt(
            next(numbers),
            lane.kernel,
            lane.arch,
            replace(lane.choice, boot_args=lane.choice.boot_args + lacking),
            several,
        )
        for lacking, several in apart.items()
    ]


@dataclass(eq=False, slots=True)
class Pending:
    """A difference whose reruns go on.

    Attributes:
        first: as it was met.
        history: what its guest had run before it, in order.
        attempts: how, and with which result.
        last: result of the rerun that is under way.
    """

    first: Result
    lane: Lane
    source: Source
    history: tuple[Source, ...]
    attempts: list[tuple[str, Result]] = field(default_factory=list)
    last: Result | None = None
