"""What campaigns count and find: plain values, as they travel and as they are written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...check import Exactness, Sign
from ...check.exact import Share, total
from ...verdict import Verdict


@dataclass(frozen=True, slots=True)
class Tally:
    """What was done with some programs, in all environments together.

    Attributes:
        programs: how many there are.
        operations, checked: each environment counted.
        verdicts: how often each came, by environment and program.
        guests_lost: guests that ended before they should.
        allowances: how often each freedom of the model was needed.
    """

    programs: int = 0
    operations: int = 0
    checked: int = 0
    verdicts: Mapping[str, int] = field(default_factory=dict)
    guests_lost: int = 0
    allowances: Mapping[str, int] = field(default_factory=dict)
    exact: Exactness = field(default_factory=Exactness)

    def to_json(self) -> dict[str, Any]:
        """As the journal has it."""
        exact = self.exact
        return {
            "programs": self.programs,
            "operations": self.operations,
            "checked": self.checked,
            "verdicts": dict(self.verdicts),
            "guests_lost": self.guests_lost,
            "allowances": dict(self.allowances),
            "exact": {
                "operations": _pair(exact.operations),
                "calls": {name: _pair(share) for name, share in exact.calls.items()},
                "fields": {name: _pair(share) for name, share in exact.fields.items()},
            },
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Tally:
        """The inverse of to_json.

        Raises:
            KeyError, TypeError, ValueError: it is none.
        """
        exact = value["exact"]
        return cls(
            programs=int(value["programs"]),
            operations=int(value["operations"]),
            checked=int(value["checked"]),
            verdicts={str(name): int(count) for name, count in value["verdicts"].items()},
            guests_lost=int(value["guests_lost"]),
            allowances={str(name): int(count) for name, count in value["allowances"].items()},
            exact=Exactness(
                Share(*exact["operations"]),
                {name: Share(*share) for name, share in exact["calls"].items()},
                {name: Share(*share) for name, share in exact["fields"].items()},
            ),
        )


def _pair(share: Share) -> list[int]:
    return [share.exact, share.of]


def together(tallies: Iterable[Tally]) -> Tally:
    """Several as one."""
    several = list(tallies)
    verdicts: Counter[str] = Counter()
    allowances: Counter[str] = Counter()
    for one in several:
        verdicts.update(one.verdicts)
        allowances.update(one.allowances)
    return Tally(
        programs=sum(one.programs for one in several),
        operations=sum(one.operations for one in several),
        checked=sum(one.checked for one in several),
        verdicts=dict(verdicts),
        guests_lost=sum(one.guests_lost for one in several),
        allowances=dict(sorted(allowances.items())),
        exact=total(one.exact for one in several),
    )


@dataclass(frozen=True, slots=True)
class Sighting:
    """A program that did not pass, as it was first seen; nobody has looked into it yet.

    Attributes:
        index: the program's number.
        place: number of the environment among the campaign's.
        other: that of a second one, where the two differ from each other; else None.
        text: the program's.
        history: texts of what its guest had run before it, in order.
        trace: the content of its trace file.
        seconds: since the campaign's beginning, when it was seen.
    """

    index: int
    place: int
    sign: Sign
    text: str
    detail: Mapping[str, Any]
    history: tuple[str, ...] = ()
    trace: bytes = b""
    other: int | None = None
    seconds: float = 0.0

    @property
    def name(self) -> str:
        """Tells it from every other one of a campaign."""
        pair = "" if self.other is None else f"-{self.other}"
        return f"{self.index}-{self.place}{pair}"


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a sighting.

    Attributes:
        sighting: its name.
        sign: by which it is known again, also when its program is smaller.
        how: "alone" or "history", how it repeats; "" for one that does not: it is flaky.
        text: the smallest program that shows it, or the first one where it is flaky.
        before: programs that have to run before it, in order.
        detail: of the smallest one's last run, as results have it.
        traces: content of trace files by what they show: "first", "shrunk", "other", "alone".
        other: a second environment, from which the first differs; "" where it differs from its
            model.
        seconds: that it took to look into it.
    """

    sighting: str
    index: int
    environment: str
    kernel: str
    arch: str
    sign: Sign
    how: str
    text: str
    operations: int
    detail: Mapping[str, Any]
    before: tuple[str, ...] = ()
    traces: Mapping[str, bytes] = field(default_factory=dict)
    other: str = ""
    seconds: float = 0.0

    @property
    def repeats(self) -> bool:
        """It was seen again."""
        return bool(self.how)

    @property
    def verdict(self) -> Verdict:
        """What it counts as."""
        flaky = not self.repeats and self.sign.verdict is Verdict.MISMATCH
        return Verdict.FLAKY if flaky else self.sign.verdict


@dataclass(frozen=True, slots=True)
class Finding:
    """A settled sighting as the campaign keeps it: files instead of contents.

    Attributes:
        name: of its files.
        cause: as Sign.cause.
        program: path of the smallest program, relative to the campaign's folder.
        before: paths of those that have to run before it.
        traces: paths by what they show.
        seen: how often its like was seen, itself included.
        command: shows it again.
        seconds: from first sight to here.
    """

    name: str
    cause: str
    verdict: Verdict
    index: int
    environment: str
    kernel: str
    arch: str
    how: str
    program: str
    operations: int
    detail: Mapping[str, Any]
    before: tuple[str, ...] = ()
    traces: Mapping[str, str] = field(default_factory=dict)
    command: str = ""
    seen: int = 1
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign as its results have it.

    Attributes:
        findings: those that repeat.
        flaky: those that did not.
        unsettled: sightings that nobody had time to look into.
        never: names of branches that no program reached.
        digest: SHA-256 over the texts of all programs in order.
        kept: programs of the corpus in the end.
        skipped: corpora that could not be read.
        given_up: environments that lost guest after guest, and why.
    """

    seed: int
    tally: Tally
    seconds: float
    findings: tuple[Finding, ...] = ()
    flaky: tuple[Finding, ...] = ()
    unsettled: int = 0
    reached: int = 0
    of: int = 0
    never: tuple[str, ...] = ()
    digest: str = ""
    kept: int = 0
    skipped: int = 0
    given_up: Mapping[str, str] = field(default_factory=dict)
