"""What a job learnt: one Result a program and environment, one Record a run.

Plain values; how they are shown or written is for ``report``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .. import verdict as verdicts
from ..check import Exactness, Sign
from ..check.exact import total
from ..check.probe import Found
from ..claims import CONTRADICTED, HOLDS, Entry
from ..environment import Environment
from ..verdict import Verdict
from .campaign.values import Campaign
from .comparison import Comparison


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """A claim as one program showed or refuted it.

    Attributes:
        shown: the condition held for what was observed.
        expected: what the catalogue says of it here; None outside the catalogue.
        agrees: shown as expected.
    """

    id: str
    line: int
    shown: bool
    expected: bool | None = None
    agrees: bool = True


@dataclass(frozen=True, slots=True)
class Rerun:
    """One attempt to see a difference again.

    Attributes:
        how: "alone" on a fresh guest, or "history": after the same programs as before.
        verdict: what that attempt gave.
        trace: its trace, "" where there is none.
    """

    how: str
    verdict: Verdict
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """One program in one environment.

    Attributes:
        program: path as the user gave it.
        environment: Environment.id.
        operations: how many the program has.
        checked: how many of them the model judged.
        trace: path of its trace, None where it never ran.
        detail: None, or the keys operation, line, text, observed, allowed, source.
        allowances: how often each freedom of the allowed set was made use of.
        exact: how much of what was checked had exactly one allowed value.
        seconds: in the guest, as seen from outside.
        sign: by what a difference is known again.
    """

    program: str
    environment: str
    kernel: str
    arch: str
    verdict: Verdict
    operations: int = 0
    checked: int = 0
    trace: str | None = None
    claims: tuple[ClaimResult, ...] = ()
    detail: Mapping[str, Any] | None = None
    allowances: Mapping[str, int] = field(default_factory=dict)
    exact: Exactness = field(default_factory=Exactness)
    seconds: float = 0.0
    reruns: tuple[Rerun, ...] = ()
    sign: Sign | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a program says a claim, and what it showed there."""

    program: str
    line: int
    shown: bool


NOT_REACHED, NOT_TESTABLE = "not_reached", "not_testable"
# Of several that a sentence's claims have, the first in this order is the sentence's.
SENTENCE_STATUSES = (CONTRADICTED, NOT_REACHED, HOLDS, NOT_TESTABLE)


@dataclass(frozen=True, slots=True)
class Standing:
    """One claim in one environment.

    Attributes:
        environment: Environment.id.
        expected: what the catalogue says: HOLDS or CONTRADICTED.
        observed: HOLDS, CONTRADICTED or NOT_REACHED: from the places alone.
        places: those that were reached.
    """

    environment: str
    kernel: str
    arch: str
    expected: str
    observed: str
    places: tuple[Place, ...]

    @property
    def agrees(self) -> bool:
        """It was reached, and each place shows what the catalogue expects."""
        as_expected = all(place.shown == (self.expected == HOLDS) for place in self.places)
        return bool(self.places) and as_expected


@dataclass(frozen=True, slots=True)
class ClaimReport:
    """One claim, and what became of it.

    Attributes:
        programs: names of those that say it.
        standings: one an environment of which the catalogue expects something.
    """

    entry: Entry
    programs: tuple[str, ...]
    standings: tuple[Standing, ...]

    @property
    def changed(self) -> bool:
        """Its environments differ."""
        return len({one.observed for one in self.standings} - {NOT_REACHED}) > 1


@dataclass(frozen=True, slots=True)
class Survey:
    """The whole catalogue against one run.

    Attributes:
        texts: of the programs that say its claims, by name.
    """

    reports: tuple[ClaimReport, ...]
    texts: Mapping[str, str]

    def sentences(self, environment: str) -> dict[str, str]:
        """What each sentence of the documents stands for in an environment.

        It holds if every claim that answers it does, and is contradicted if one is. Left out
        are those of which nothing is expected there.
        """
        found: dict[str, set[str]] = {}
        for report in self.reports:
            mine = (one for one in report.standings if one.environment == environment)
            observed = [one.observed for one in mine] if report.entry.testable else [NOT_TESTABLE]
            for sentence in report.entry.sentences:
                found.setdefault(sentence, set()).update(observed)
        return {
            sentence: next(status for status in SENTENCE_STATUSES if status in seen)
            for sentence, seen in sorted(found.items())
            if seen
        }


@dataclass(frozen=True, slots=True)
class Probe:
    """What probing one kernel gave.

    Attributes:
        environments: ids of those that it was probed in.
        nearest: the version line that it started from.
        known: the kernel is one of the table: it is judged by its line's flags, whatever was found.
        accepted: the user takes whatever was found.
        unrun: of programs that did not run everywhere, where and why.
    """

    environments: tuple[str, ...]
    nearest: str
    found: Found
    known: bool = False
    accepted: bool = False
    unrun: Mapping[str, str] = field(default_factory=dict)

    @property
    def fine(self) -> bool:
        """What was found may be used: some known release has it, or the user accepts it."""
        return self.accepted or bool(self.found.releases)


@dataclass(frozen=True, slots=True)
class Record:
    """A whole run.

    Attributes:
        started: with its time zone.
        environments: those of the results, in their order.
        results: by program, then by environment, in the order of the command line.
        folder: the run folder as the user may type it; None for a job without one.
        error: what ended the whole run early, one line; "" if nothing did.
        survey: what it says of the catalogue's claims, if it was run for them.
        comparison: how its environments differ, if it was run for that.
        probes: what it says of kernels' flags, if it was run for them.
        campaign: what it did, if it was one; its results are the findings.
    """

    started: datetime
    seconds: float
    exit_code: int
    environments: tuple[Environment, ...]
    results: tuple[Result, ...]
    folder: str | None = None
    error: str = ""
    survey: Survey | None = None
    comparison: Comparison | None = None
    probes: tuple[Probe, ...] = ()
    campaign: Campaign | None = None

    @property
    def interrupted(self) -> bool:
        """Not every program had its turn: somebody said stop."""
        return self.exit_code == verdicts.INTERRUPTED

    def verdicts(self) -> dict[str, int]:
        """How often each verdict came, in the order of the verdicts' list."""
        seen = Counter(result.verdict for result in self.results)
        return {kind.value: seen[kind] for kind in Verdict if seen[kind]}

    def programs(self) -> tuple[str, ...]:
        """Names, each once, in order."""
        return tuple(dict.fromkeys(result.program for result in self.results))

    def operations(self) -> int:
        """Operations of all results together."""
        return sum(result.operations for result in self.results)

    def checked(self) -> int:
        """Checked operations of all results together."""
        return sum(result.checked for result in self.results)

    def allowances(self) -> dict[str, int]:
        """The counts of all results together, by name."""
        total: Counter[str] = Counter()
        for result in self.results:
            total.update(result.allowances)
        return dict(sorted(total.items()))


def exactness(results: Iterable[Result]) -> Exactness:
    """That of some results together."""
    return total(result.exact for result in results)


def infrastructure_detail(
    text: str, *, operation: int | None = None, line: int | None = None, tail: str = ""
) -> dict[str, Any]:
    """The detail of a verdict that no model gave.

    Args:
        text: one line that says what happened.
        operation: the one that was under way, where it is known.
        line: that operation's line in the program.
        tail: the console's last lines.
    """
    observed: dict[str, Any] = {"console": tail.splitlines()} if tail else {}
    return {
        "operation": operation,
        "line": line,
        "text": text,
        "observed": observed,
        "allowed": [],
        "source": "",
    }


def in_order(
    results: Sequence[Result], programs: Sequence[str], environments: Sequence[str]
) -> tuple[Result, ...]:
    """The results by program, then by environment, however they arrived."""
    by_program = {name: at for at, name in enumerate(programs)}
    by_environment = {name: at for at, name in enumerate(environments)}
    return tuple(
        sorted(results, key=lambda r: (by_program[r.program], by_environment[r.environment]))
    )
