"""The catalogue against what was observed: what each claim shows where, and does that agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ..claims import CONTRADICTED, HOLDS, Entry, catalogue
from ..environment import Environment
from ..tree import PROGRAMS
from ..verdict import EXIT_CODES, NOTHING_CHECKED, Verdict, first_code
from .programs import Source, find, read
from .results import NOT_REACHED, ClaimReport, Place, Record, Standing, Survey

# (claim, environment) -> where it was reached.
_Places = Mapping[tuple[str, str], Sequence[Place]]


def sources(folder: Path = PROGRAMS) -> list[Source]:
    """The programs that say a claim of the catalogue, named as from the folder's own parent.

    Raises:
        UsageError: a program that does not compile, or no program.
    """
    known = catalogue()
    programs = (read(path, str(path.relative_to(folder.parent))) for path in find([folder]))
    return [one for one in programs if any(claim.id in known for claim in one.compiled.claims)]


def judged(record: Record, programs: Sequence[Source]) -> Record:
    """The record of a run of the claims' programs, with what it says of every claim.

    Args:
        record: of the run, as it came.
        programs: what was run.
    """
    survey = Survey(
        reports=tuple(_reports(record, programs)),
        texts={source.name: source.text for source in programs},
    )
    code = record.exit_code
    if not record.interrupted:
        code = first_code((code, _code(record, survey)))
    return replace(record, survey=survey, exit_code=code)


def _reports(record: Record, programs: Sequence[Source]) -> Iterable[ClaimReport]:
    said: defaultdict[str, list[str]] = defaultdict(list)
    for source in programs:
        for number in dict.fromkeys(claim.id for claim in source.compiled.claims):
            said[number].append(source.name)
    places: defaultdict[tuple[str, str], list[Place]] = defaultdict(list)
    for result in record.results:
        for claim in result.claims:
            place = Place(result.program, claim.line, claim.shown)
            places[claim.id, result.environment].append(place)
    known = record.environments
    special = {one.id: _asked(one, record) for one in known if _is_special(one, known)}
    for number, entry in catalogue().items():
        mine = (
            one
            for one in known
            if one.id not in special or not special[one.id].isdisjoint(said[number])
        )
        yield ClaimReport(entry, tuple(said[number]), tuple(_standings(entry, mine, places)))


def _is_special(environment: Environment, known: Iterable[Environment]) -> bool:
    """It is there for programs that want boot parameters which another one has not."""

    def plain(one: Environment) -> str:
        return replace(one, boot_args=()).id

    return any(
        plain(other) == plain(environment) and set(other.boot_args) < set(environment.boot_args)
        for other in known
    )


def _asked(environment: Environment, record: Record) -> set[str]:
    """The programs that were to run in a special environment."""
    return {
        result.program
        for result in record.results
        if result.environment == environment.id and result.verdict is not Verdict.SKIPPED
    }


def _standings(
    entry: Entry, environments: Iterable[Environment], places: _Places
) -> Iterable[Standing]:
    """What a claim showed in each environment of which something is expected."""
    for environment in environments:
        expected = entry.expected_in(environment)
        if expected is None:
            continue
        reached = tuple(places.get((entry.id, environment.id), ()))
        yield Standing(
            environment=environment.id,
            kernel=environment.kernel,
            arch=environment.arch,
            expected=expected,
            observed=_observed(reached),
            places=reached,
        )


def _observed(places: Sequence[Place]) -> str:
    """A claim is about every place: it holds only where none refutes it."""
    if not places:
        return NOT_REACHED
    return HOLDS if all(place.shown for place in places) else CONTRADICTED


def _code(record: Record, survey: Survey) -> int:
    """That of CLAIM_FAILED where a claim is not as expected, or was not reached.

    An environment in which nothing ran at all says nothing of any claim: why
    that is so has a code of its own.
    """
    idle = {environment.id for environment in record.environments} - {
        result.environment
        for result in record.results
        if result.trace is not None or result.verdict is Verdict.SKIPPED
    }
    standings = [one for report in survey.reports for one in report.standings]
    if not standings:
        return NOTHING_CHECKED
    bad = any(not one.agrees for one in standings if one.environment not in idle)
    return EXIT_CODES[Verdict.CLAIM_FAILED] if bad else 0
