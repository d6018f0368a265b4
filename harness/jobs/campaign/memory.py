"""What a campaign's journal says, and what it says next."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ... import __version__
from ...errors import UsageError
from ...generate import BATCH, VERSION
from ..settings import Settings, from_toml
from .folder import CampaignFolder, finding_json, finding_of
from .journal import Journal, read
from .values import Finding, Sighting, Tally, together


@dataclass(frozen=True, slots=True)
class Asked:
    """What a campaign was begun with, and goes on with.

    Attributes:
        seconds, programs: how long; both None: until somebody says stop.
    """

    seed: int
    settings: Settings = field(default_factory=Settings)
    seconds: float | None = None
    programs: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The journal's first record."""
        return {
            "campaign": __version__,
            "generator": VERSION,
            "batch": BATCH,
            "seed": self.seed,
            "seconds": self.seconds,
            "programs": self.programs,
            "settings": self.settings.to_toml(),
        }


@dataclass(slots=True)
class Memory:
    """Everything that the journal says.

    Attributes:
        batches: by number: the digest of its programs and what was done with them.
        seconds: spent so far.
        seen: how often each cause was.
        sighted: names of all sightings.
        settled: names of those that were looked into.
        findings, flaky: in order; those of flaky did not repeat.
        damaged: lines of the journal that could not be read.
    """

    asked: Asked
    batches: dict[int, tuple[str, Tally]] = field(default_factory=dict)
    seconds: float = 0.0
    seen: Counter[str] = field(default_factory=Counter)
    sighted: dict[str, float] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    flaky: list[Finding] = field(default_factory=list)
    damaged: int = 0

    @property
    def first(self) -> int:
        """The first batch that is to be made."""
        number = 0
        while number in self.batches:
            number += 1
        return number

    def tally(self, further: Iterable[Tally] = ()) -> Tally:
        """Of all batches, and of what comes on top."""
        return together([*(tally for _, tally in self.batches.values()), *further])

    def digest(self, partial: str) -> str:
        """Names all programs in order.

        Args:
            partial: the digest of those behind the last whole batch.
        """
        known = [digest for _, (digest, _) in sorted(self.batches.items())]
        return hashlib.sha256("\n".join([*known, partial]).encode()).hexdigest()

    def shown(self) -> tuple[Finding, ...]:
        """The findings, each with how often its like was seen."""
        return tuple(replace(one, seen=max(1, self.seen[one.cause])) for one in self.findings)


class Book:
    """The journal as it is written: what is told here is known after any end.

    Args:
        folder: the campaign's.
        memory: what is known, kept up to date.
    """

    def __init__(self, folder: CampaignFolder, memory: Memory, *, new: bool) -> None:
        self.memory = memory
        self._folder = folder
        self._journal = Journal(folder.journal)
        if new:
            self._journal.add(memory.asked.to_json())

    def batch(
        self, number: int, digest: str, tally: Tally, causes: Mapping[str, int], seconds: float
    ) -> None:
        """A batch is done."""
        self._journal.add(
            {
                "batch": number,
                "digest": digest,
                "tally": tally.to_json(),
                "causes": dict(causes),
                "seconds": round(seconds, 3),
            }
        )
        self.memory.batches[number] = digest, tally
        self.memory.seen.update(causes)
        self.memory.seconds = seconds

    def saw(self, sighting: Sighting) -> bool:
        """Something did not pass; False: that was known, as after going on."""
        if sighting.name in self.memory.sighted:
            return False
        self._folder.write_pending(sighting)
        cause = sighting.sign.cause
        self._journal.add({"saw": sighting.name, "cause": cause, "seconds": sighting.seconds})
        self.memory.sighted[sighting.name] = sighting.seconds
        self.memory.seen[cause] += 1
        return True

    def settled(self, name: str, finding: Finding | None, *, repeats: bool) -> None:
        """A sighting was looked into, or is one more of what was."""
        told = finding_json(finding) if finding is not None else None
        self._journal.add({"settled": name, "repeats": repeats, "finding": told})
        self._folder.settle(name)
        self.memory.settled.add(name)
        if finding is not None:
            (self.memory.findings if repeats else self.memory.flaky).append(finding)

    def spent(self, seconds: float) -> None:
        """How long it took so far."""
        self._journal.add({"spent": round(seconds, 3)})
        self.memory.seconds = seconds

    def close(self) -> None:
        """Lets go of the journal."""
        self._journal.close()


def remembered(folder: CampaignFolder) -> Memory:
    """What a folder's journal says.

    Raises:
        UsageError: it is no campaign's, or another version's.
    """
    try:
        records, damaged = read(folder.journal)
    except OSError as error:
        raise UsageError(f"{folder.journal}: cannot be read: {error.strerror}") from None
    if not records or "campaign" not in records[0]:
        raise UsageError(f"{folder.journal}: damaged or not a campaign's: begin a new one")
    head = records[0]
    if (head.get("generator"), head.get("batch")) != (VERSION, BATCH):
        raise UsageError(
            f"{folder.journal}: of a generator of version {head.get('generator')}, this is "
            f"{VERSION}: it would make other programs; begin a new campaign"
        )
    try:
        settings = from_toml(head["settings"], str(folder.journal))
        memory = Memory(Asked(head["seed"], settings, head["seconds"], head["programs"]))
        memory.damaged = damaged
        for record in records[1:]:
            _take(memory, record)
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{folder.journal}: damaged: {error!r}: begin a new one") from None
    return memory


def _take(memory: Memory, record: Mapping[str, Any]) -> None:
    if "batch" in record:
        memory.batches[record["batch"]] = record["digest"], Tally.from_json(record["tally"])
        memory.seen.update(record["causes"])
        memory.seconds = record["seconds"]
    elif "saw" in record:
        memory.sighted[record["saw"]] = record["seconds"]
        memory.seen[record["cause"]] += 1
    elif "settled" in record:
        memory.settled.add(record["settled"])
        if record["finding"] is not None:
            kept = memory.findings if record["repeats"] else memory.flaky
            kept.append(finding_of(record["finding"]))
    elif "spent" in record:
        memory.seconds = record["spent"]
