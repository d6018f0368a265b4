"""What was seen and has to be looked into: once for each cause in each environment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ...environment import Environment
from ..results import Rerun, Result
from ..settings import Settings
from .folder import CampaignFolder
from .memory import Book
from .messages import Place
from .report import texts_of
from .values import Finding, Settled, Sighting

_FLAKY_MAX = 3  # times that a cause is looked into again although it did not repeat
_INQUIRIES_MAX = 200  # causes that are looked into


@dataclass(slots=True)
class _Pending:
    """Sightings of one cause in one place.

    Attributes:
        waiting: those that may be looked into, the best first.
        tries: how often one was.
        open: one is looked into just now, or has been and repeats.
    """

    waiting: list[Sighting] = field(default_factory=list)
    tries: int = 0
    open: bool = False

    @property
    def wants(self) -> bool:
        """One of them should be looked into."""
        return bool(self.waiting) and not self.open and self.tries < _FLAKY_MAX


class Desk:
    """Keeps sightings by their causes, and what became of them.

    Args:
        environments: those of the places, as far as they are known.
        say: hears of findings.
    """

    def __init__(
        self,
        book: Book,
        folder: CampaignFolder,
        settings: Settings,
        places: Sequence[Place],
        environments: Sequence[Environment],
        say: Callable[[str], None],
    ) -> None:
        self._book = book
        self._folder = folder
        self._settings = settings
        self._places = places
        self._environments = environments
        self._say = say
        self._pending: dict[tuple[int, int | None, str], _Pending] = {}

    @property
    def unsettled(self) -> int:
        """Sightings that nobody has looked into."""
        return len(self._book.memory.sighted.keys() - self._book.memory.settled)

    @property
    def waiting(self) -> int:
        """Causes of which one should be looked into now."""
        if sum(one.tries for one in self._pending.values()) >= _INQUIRIES_MAX:
            return 0
        return sum(one.wants for one in self._pending.values())

    def begin(self) -> Sighting:
        """The next to be looked into; only where one is waiting."""
        pending = next(one for one in self._pending.values() if one.wants)
        pending.open = True
        pending.tries += 1
        return pending.waiting.pop(0)

    def put_back(self, sighting: Sighting) -> None:
        """Whoever looked into it is gone."""
        pending = self._pending[_key(sighting)]
        pending.waiting.insert(0, sighting)
        pending.open = False

    def saw(self, sighting: Sighting) -> None:
        """Something did not pass."""
        if self._book.saw(sighting):
            self.take_in(sighting)

    def take_in(self, sighting: Sighting) -> None:
        """Puts it to its like; only the first few of a cause are looked into."""
        pending = self._pending.setdefault(_key(sighting), _Pending())
        known = {one.cause for one in self._book.memory.findings if self._same_place(one, sighting)}
        if sighting.sign.cause in known:
            pending.open = True
        if pending.open or len(pending.waiting) >= _FLAKY_MAX:
            self._book.settled(sighting.name, None, repeats=True)
        else:
            pending.waiting.append(sighting)

    def _same_place(self, finding: Finding, sighting: Sighting) -> bool:
        return finding.environment == self._environments[sighting.place].id

    def settle(self, sighting: Sighting, settled: Settled, now: float) -> None:
        """A sighting was looked into.

        Args:
            now: seconds since the campaign's beginning.
        """
        memory = self._book.memory
        pending = self._pending[_key(sighting)]
        kept = memory.findings if settled.repeats else memory.flaky
        told, options = texts_of(settled), self._shown_by(settled)
        seconds = now - sighting.seconds
        known = {(one.cause, one.environment) for one in memory.findings}
        if settled.repeats and (settled.sign.cause, settled.environment) in known:
            # Of another cause at first sight, and the same when it was small.
            self._book.settled(sighting.name, None, repeats=True)
        else:
            finding = self._folder.keep(settled, len(kept) + 1, options, told, seconds)
            self._book.settled(sighting.name, finding, repeats=settled.repeats)
            if settled.repeats:
                self._say(
                    f"{finding.verdict.value}  {finding.cause}  ({finding.environment}): "
                    f"{finding.operations} operations, {self._folder.path / finding.program}"
                )
        pending.open = settled.repeats
        if settled.repeats:
            for other in pending.waiting:
                self._book.settled(other.name, None, repeats=True)
            pending.waiting.clear()

    def _shown_by(self, settled: Settled) -> str:
        """The options of the command that shows a finding again."""
        ids = {environment.id: at for at, environment in enumerate(self._environments)}
        names = [name for name in (settled.environment, settled.other) if name in ids]
        places = [self._places[ids[name]] for name in names]
        words = [f"-k {name}" for name in dict.fromkeys(place.kernel for place in places)]
        words += [f"-a {name}" for name in dict.fromkeys(place.arch.name for place in places)]
        settings = self._settings
        words += [f"-c {name}" for name in settings.config if name != "base"]
        words += [f"--cpu {settings.cpu}"] if settings.cpu else []
        words += [f"--boot-arg {arg}" for arg in settings.boot_args]
        if settled.before:
            words.append("-j 1")
        return " ".join(words)


def _key(sighting: Sighting) -> tuple[int, int | None, str]:
    return sighting.place, sighting.other, sighting.sign.cause


def result_of(finding: Finding, folder: CampaignFolder) -> Result:
    """A finding as results have it."""
    path = folder.path / finding.program
    traces = {kind: str(folder.path / name) for kind, name in finding.traces.items()}
    first = traces.get("first", "")
    return Result(
        program=str(path),
        environment=finding.environment,
        kernel=finding.kernel,
        arch=finding.arch,
        verdict=finding.verdict,
        operations=finding.operations,
        trace=traces.get("shrunk") or first or None,
        detail=finding.detail,
        seconds=finding.seconds,
        reruns=(Rerun(finding.how, finding.verdict, traces.get("shrunk", "")),),
    )
