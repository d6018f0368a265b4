"""Environments beside each other: each program's traces, compared operation by operation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from .. import conditions, language, layout
from ..arch import ARCHES
from ..compare import compare_traces
from ..environment import Environment
from ..errors import HarnessError, PagelabError, UsageError
from ..verdict import EXIT_CODES, NOTHING_CHECKED, Verdict, first_code
from .check import SUFFIX
from .comparison import Between, Comparison, Left, grouped
from .judge import read_trace
from .programs import find
from .results import Record, Result

# A rerun's traces lie beside the first one's.
_RERUNS = (f".alone{SUFFIX}", f".history{SUFFIX}")
UNEXPLAINED = EXIT_CODES[Verdict.MISMATCH]
ALONE = "one environment alone: name two kernels (-k) or two architectures (-a)"


def recorded(paths: Sequence[Path]) -> list[Path]:
    """The traces among what is asked for, where it is traces and not programs; else nothing.

    Raises:
        UsageError: traces and programs, or a path that is not there.
    """
    traces = [path for path in paths if _is_recorded(path)]
    if traces and len(traces) < len(paths):
        raise UsageError("programs and traces cannot be compared with each other")
    if not traces:
        return []
    return [path for path in find(traces, SUFFIX) if not path.name.endswith(_RERUNS)]


def _is_recorded(path: Path) -> bool:
    """A trace, or a folder that has some (a run's has its programs, too)."""
    if path.is_dir():
        return next(path.rglob(f"*{SUFFIX}"), None) is not None
    return path.suffix == SUFFIX


def in_order(record: Record) -> Record:
    """The record of traces, x86-64 before arm64 and older kernels first."""

    def rank(environment: Environment) -> tuple[int, list[int]]:
        numbers = re.findall(r"\d+", environment.kernel)
        return list(ARCHES).index(environment.arch), [int(number) for number in numbers]

    return replace(record, environments=tuple(sorted(record.environments, key=rank)))


def compared(record: Record) -> Record:
    """The record of a run, with what differs between its environments.

    Raises:
        UsageError: it has one environment alone.
    """
    if record.interrupted or record.error:
        return record
    try:
        comparison = _comparison(record)
    except HarnessError as error:
        code = first_code((record.exit_code, error.exit_code))
        return replace(record, exit_code=code, error=str(error))
    return replace(record, comparison=comparison, exit_code=_code(record, comparison))


def _comparison(record: Record) -> Comparison:
    by_id = {one.id: one for one in record.environments}
    places = list({_plain(one).id: _plain(one) for one in record.environments}.values())
    pairs = list(paired(places))
    if not pairs:
        raise UsageError(ALONE)
    programs: dict[str, dict[str, Result]] = {}
    for result in record.results:
        results = programs.setdefault(result.program, {})
        results.setdefault(_plain(by_id[result.environment]).id, result)
    between: list[Between] = []
    left: dict[tuple[str, str], Left] = {}
    for program, results in programs.items():
        for pair in pairs:
            for one in _left(program, pair, results):
                left.setdefault((program, one.environment), one)
            mine, yours = (results.get(place.id) for place in pair)
            if mine is not None and yours is not None and mine.trace and yours.trace:
                between.append(_between(mine, yours))
    return Comparison(tuple(between), tuple(left.values()), grouped(between))


def _plain(environment: Environment) -> Environment:
    """Without the boot parameters, which some programs ask for."""
    return replace(
        Environment(environment.kernel, environment.arch, environment.config, environment.cpu),
        own=environment.own,
        source_digest=environment.source_digest,
        options=environment.options,
    )


def paired(places: Sequence[Environment]) -> Iterator[tuple[Environment, Environment]]:
    """Several kernels: each with the first, on every architecture; else the architectures."""
    kernels = len({place.arch for place in places}) < len(places)
    for place in places:
        base = next(one for one in places if one.arch == place.arch or not kernels)
        if base != place:
            yield base, place


def _left(
    program: str, pair: tuple[Environment, Environment], results: Mapping[str, Result]
) -> Iterable[Left]:
    """Where a program has nothing to compare, or not all of it."""
    for place in pair:
        result = results.get(place.id)
        if result is None:
            yield Left(program, place.id, Verdict.SKIPPED, _unmet(results, place))
        elif result.trace is None or result.verdict in _BROKEN:
            detail = result.detail or {}
            yield Left(program, result.environment, result.verdict, str(detail.get("text") or ""))


def _unmet(results: Mapping[str, Result], place: Environment) -> str:
    """Why there may be no trace of a program: its requires: is false there."""
    for result in results.values():
        if result.trace is not None:
            header = read_trace(Path(result.trace)).header
            compiled = layout.compile_program(language.parse(header.text, header.program))
            for condition in compiled.requires:
                if not conditions.requires_met(condition, place):
                    text = language.render_condition(condition)
                    return f"requires: {text} is false here"
    return "there is no trace of it"


_BROKEN = frozenset(
    {
        Verdict.BOOT_FAILED,
        Verdict.GUEST_LOST,
        Verdict.TIMEOUT,
        Verdict.HARNESS_ERROR,
        Verdict.UNCHECKED,
    }
)


def _between(one: Result, other: Result) -> Between:
    assert one.trace is not None
    assert other.trace is not None
    traces = read_trace(Path(one.trace)), read_trace(Path(other.trace))
    header = traces[0].header
    if header.text != traces[1].header.text:
        raise UsageError(f"{one.program}: {one.trace} and {other.trace} are of different programs")
    compiled = layout.compile_program(language.parse(header.text, header.program))
    try:
        found = compare_traces(*traces, compiled)
    except PagelabError:
        raise
    except Exception as error:
        kind = type(error).__name__
        raise HarnessError(
            f"the comparison of {one.trace} and {other.trace} failed: {kind}: {error}"
        ) from error
    named = {name for one in found.differing for names in one.cause.flags for name in names}
    return Between(
        program=one.program,
        text=header.text,
        one=one.environment,
        other=other.environment,
        operations=found.operations,
        of=found.of,
        differing=found.differing,
        flags={name: flag for name, flag in found.flags.items() if name in named},
    )


def _code(record: Record, comparison: Comparison) -> int:
    """The run's; 10 too where something is unexplained, 30 where nothing was compared."""
    codes = [record.exit_code]
    if comparison.unexplained:
        codes.append(UNEXPLAINED)
    if not comparison.operations:
        codes.append(NOTHING_CHECKED)
    return first_code(codes)
