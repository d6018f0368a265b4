"""What traces of one kernel tell of its flags, each of which is some known release's.

A flag is told where its telling programs pass with one of its values and with no other. Which
they pass with may depend on other flags, so that this goes round until nothing changes.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

from .. import language, layout
from ..model.releases import RELEASES, Release, values_of, with_flags
from ..model.semantics import Semantics, semantics_for
from ..model.telling import TELLING
from ..program import Compiled
from ..trace import Trace
from ..verdict import Verdict
from . import Checked, check_trace

Value = int | str
_ROUNDS_MAX = 20  # far more than flags that depend on each other in a row


class Standing(enum.Enum):
    """What became of a flag."""

    TOLD = "told"  # one value fits
    OPEN = "not told"  # several do, or no program ran
    UNFIT = "no value fits"


@dataclass(frozen=True, slots=True)
class Told:
    """One flag.

    Attributes:
        value: the one that fits; that of the release it started from where none was told.
        start: of the release that it started from.
        programs: those that told it, or that nothing fits.
        why: of one that was not told, in a few words.
    """

    flag: str
    standing: Standing
    value: Value
    start: Value
    programs: tuple[str, ...]
    why: str = ""

    @property
    def differs(self) -> bool:
        """It was told, and is otherwise than where it started from."""
        return self.standing is Standing.TOLD and self.value != self.start


@dataclass(frozen=True, slots=True)
class Found:
    """What traces told.

    Attributes:
        flags: every flag, in the order of the record.
    """

    flags: tuple[Told, ...]

    @property
    def learnt(self) -> dict[str, Value]:
        """The flags that were told."""
        return {one.flag: one.value for one in self.flags if one.standing is Standing.TOLD}

    @property
    def releases(self) -> tuple[str, ...]:
        """The version lines that have everything that was told; none if a flag fits nowhere."""
        if any(one.standing is Standing.UNFIT for one in self.flags):
            return ()
        told = self.learnt.items()
        return tuple(
            line
            for line, release in RELEASES.items()
            if all(getattr(release, flag) == value for flag, value in told)
        )


@dataclass(slots=True)
class _Witness:
    """A trace, and what checking it by some release gave."""

    trace: Trace
    compiled: Compiled
    semantics: Semantics
    seen: dict[Release, Checked] = field(default_factory=dict)

    def check(self, release: Release) -> Checked:
        """The checker's word with these flags."""
        if release not in self.seen:
            semantics = replace(self.semantics, release=release)
            self.seen[release] = check_trace(
                self.trace, compiled=self.compiled, semantics=semantics
            )
        return self.seen[release]

    def reach(self, release: Release) -> tuple[bool, int]:
        """Whether everything is allowed (a claim may fail: it is no flag's), and how far it is."""
        try:
            said = self.check(release)
        except RuntimeError:  # flags of different kernels may contradict each other
            return False, 0
        return said.verdict in (Verdict.PASS, Verdict.CLAIM_FAILED), said.checked


class _Search:
    """Goes round; see find."""

    def __init__(self, traces: Sequence[Trace], start: Release) -> None:
        self.start = start
        self.release = start
        self.witnesses: dict[str, list[_Witness]] = {}
        for trace in traces:
            header = trace.header
            compiled = layout.compile_program(language.parse(header.text, header.program))
            semantics = semantics_for(header.environment, header.observe)
            witness = _Witness(trace, compiled, semantics)
            self.witnesses.setdefault(header.program, []).append(witness)

    def run(self) -> tuple[Told, ...]:
        """Rounds until one changes nothing."""
        told: tuple[Told, ...] = ()
        for _ in range(_ROUNDS_MAX):
            before = self.release
            for one in fields(Release):
                self.approach(one.name)
            told = tuple(self.standing(one.name) for one in fields(Release))
            kept = {one.flag: one.value for one in told}
            self.release = with_flags(self.release, kept)
            if self.release == before:
                break
        return told

    def of(self, flag: str) -> list[_Witness]:
        """What may tell a flag."""
        telling = TELLING[flag]
        return [
            witness
            for name in telling.programs
            for witness in self.witnesses.get(name, [])
            if telling.arch in ("", witness.trace.header.environment.arch)
        ]

    def assignments(self, flag: str) -> Iterator[dict[str, Value]]:
        """Values of the flag and of those that the same programs tell, the present ones first."""
        names = set(TELLING[flag].programs)
        together = [one.name for one in fields(Release) if names & set(TELLING[one.name].programs)]
        choices = []
        for name in together:
            now = getattr(self.release, name)
            choices.append([now, *(value for value in values_of(name) if value != now)])
        for values in itertools.product(*choices):
            yield dict(zip(together, values, strict=True))

    def fitting(self, flag: str) -> list[dict[str, Value]]:
        """The assignments with which all that may tell the flag passes."""
        witnesses = self.of(flag)
        return [
            values
            for values in self.assignments(flag)
            if all(one.reach(with_flags(self.release, values))[0] for one in witnesses)
        ]

    def approach(self, flag: str) -> None:
        """Takes the values with which what tells the flag gets furthest."""
        witnesses = self.of(flag)

        def reach(values: Mapping[str, Value]) -> tuple[int, int]:
            reached = [one.reach(with_flags(self.release, values)) for one in witnesses]
            return sum(passed for passed, _ in reached), sum(count for _, count in reached)

        if witnesses:  # of several that are as good the present ones are first
            self.release = with_flags(self.release, max(self.assignments(flag), key=reach))

    def standing(self, flag: str) -> Told:
        """What is known of a flag, the others being as they are now."""
        start: Value = getattr(self.start, flag)
        witnesses = self.of(flag)
        names = tuple(dict.fromkeys(one.trace.header.program for one in witnesses))
        if not witnesses:
            return Told(flag, Standing.OPEN, start, start, (), "no program that tells it ran")
        fitting = self.fitting(flag)
        values = {one[flag] for one in fitting}
        if not fitting:
            return Told(flag, Standing.UNFIT, start, start, names, self.miss(witnesses))
        if len(values) > 1:
            why = "it passes with each value"
            return Told(flag, Standing.OPEN, start, start, names, why)
        return Told(flag, Standing.TOLD, values.pop(), start, names)

    def miss(self, witnesses: Sequence[_Witness]) -> str:
        """The first thing that no value allows."""
        for one in witnesses:
            said = one.check(self.release)
            if said.detail is not None:
                return f"{said.detail['text']} (line {said.detail['line']})"
        return "not with the same values everywhere"


def find(traces: Sequence[Trace], start: Release) -> Found:
    """What traces of one kernel tell of its flags.

    Args:
        traces: of telling programs, whole, of any architecture.
        start: the flags to begin with, which those keep that are not told.

    Raises:
        UsageError: a program that does not compile.
    """
    return Found(_Search(traces, start).run())
