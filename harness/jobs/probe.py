"""Probing kernels: their telling programs, run and recorded, then what these tell of the flags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from .. import verdict as verdicts
from ..arch import Arch
from ..cache import Cache
from ..check import Checked, check_trace, probe
from ..configuration import Configuration
from ..environment import KNOWN, Environment
from ..model import releases
from ..model.releases import RELEASES
from ..model.telling import programs
from ..program import Compiled
from ..progress import Progress
from ..trace import Trace
from ..tree import PROGRAMS
from ..verdict import EXIT_CODES, Verdict, first_code
from . import learnt
from .backend import Backend, Choice, Prepared
from .judge import judge, read_trace
from .learnt import Learnt
from .programs import Source, read
from .results import Probe, Record, Result, infrastructure_detail

RECORDED = "recorded, not judged yet"
UNACCEPTED = EXIT_CODES[Verdict.MISMATCH]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says of a probing.

    Attributes:
        nearest: the version line to start from; None: the kernel's nearest.
        accept: keep also a set of flags that no known release has.
    """

    nearest: str | None = None
    accept: bool = False


def sources() -> list[Source]:
    """The telling programs, named as results name shipped ones."""
    return [read(PROGRAMS.parent / name, name) for name in programs()]


@dataclass(slots=True)
class Recorder:
    """A backend that judges nothing: which flags to judge by is what the traces are to tell.

    Attributes:
        keys: of the kernels that were built, by the environment's id.
    """

    backend: Backend
    keys: dict[str, str] = field(default_factory=dict)

    def check_names(
        self, kernels: Sequence[str], arches: Sequence[Arch], config: Configuration
    ) -> None:
        """As the backend does."""
        self.backend.check_names(kernels, arches, config)

    def prepare(self, kernel: str, arch: Arch, choice: Choice, progress: Progress) -> Prepared:
        """As the backend does."""
        prepared = self.backend.prepare(kernel, arch, choice, progress)
        self.keys[prepared.environment.id] = prepared.key
        return prepared

    def check(self, trace: Trace, compiled: Compiled) -> Checked:
        """Says that nobody has judged it."""
        detail = infrastructure_detail(RECORDED)
        return Checked(Verdict.UNCHECKED, len(compiled.ops), checked=0, detail=detail)

    def stop(self) -> None:
        """As the backend does."""
        self.backend.stop()


def judged(record: Record, keys: Mapping[str, str], cache: Cache, asked: Asked) -> Record:
    """The record of the recorded programs, judged by what they tell, with what that is.

    What is learnt of a kernel that is not known is kept, a set of flags that no known release has
    only where that is accepted.

    Args:
        record: as it came.
        keys: of the kernels in the cache, by the environment's id.
        cache: where it is kept.
        asked: by the command line.
    """
    kernels: dict[tuple[str, ...], list[Environment]] = {}
    for one in record.environments:
        kernels.setdefault((one.kernel, one.own, one.config), []).append(one)
    environments: dict[str, Environment] = {one.id: one for one in record.environments}
    results = {(one.environment, one.program): one for one in record.results}
    probes = []
    for same in kernels.values():
        ids = [one.id for one in same]
        mine = [one for one in record.results if one.environment in ids]
        traces = [trace for one in mine if (trace := _whole(one)) is not None]
        if not traces:
            continue
        made = _probe(same, mine, traces, asked)
        probes.append(made)
        for trace in traces:
            environment = _judged_by(trace.header.environment, made)
            environments[environment.id] = environment
            key = environment.id, trace.header.program
            results[key] = _again(results[key], trace, environment)
        if _may_keep(record, made):
            _keep(cache, [environments[name] for name in ids], keys, made)
    done = replace(
        record,
        environments=tuple(environments.values()),
        results=tuple(results[one.environment, one.program] for one in record.results),
        probes=tuple(probes),
    )
    return replace(done, exit_code=_code(done))


def _whole(result: Result) -> Trace | None:
    """A trace that nothing but the judgement lacks."""
    said = (result.detail or {}).get("text")
    if result.verdict is not Verdict.UNCHECKED or said != RECORDED or result.trace is None:
        return None
    trace = read_trace(Path(result.trace))
    return trace if trace.complete else None


def _probe(
    environments: Sequence[Environment],
    results: Sequence[Result],
    traces: Sequence[Trace],
    asked: Asked,
) -> Probe:
    """What the traces of one kernel tell."""
    line = asked.nearest or releases.nearest(environments[0].line)
    whole = {(trace.header.environment.id, trace.header.program) for trace in traces}
    unrun: dict[str, str] = {}
    for one in results:
        if (one.environment, one.program) not in whole:
            text = (one.detail or {}).get("text", "")
            unrun.setdefault(one.program, f"{one.environment}: {one.verdict.value} {text}".strip())
    return Probe(
        environments=tuple(one.id for one in environments),
        nearest=line,
        found=probe.find(traces, RELEASES[line]),
        known=all(one.semantics == KNOWN for one in environments),
        accepted=asked.accept,
        unrun=unrun,
    )


def _judged_by(environment: Environment, made: Probe) -> Environment:
    """An environment with what was learnt of it; one of the table keeps its line's flags."""
    if made.known:
        return environment
    return replace(environment, nearest=made.nearest, learnt=made.found.learnt)


def _again(result: Result, trace: Trace, environment: Environment) -> Result:
    """The result of a trace, judged by its environment as it is known now."""
    now = replace(trace, header=replace(trace.header, environment=environment))
    return replace(judge(now, str(result.trace), check_trace), seconds=result.seconds)


def _may_keep(record: Record, made: Probe) -> bool:
    whole = not (record.interrupted or record.error)
    return whole and not made.known and bool(made.found.learnt) and made.fine


def _keep(
    cache: Cache, environments: Sequence[Environment], keys: Mapping[str, str], made: Probe
) -> None:
    said = Learnt(made.nearest, made.found.learnt)
    for environment in environments:
        if key := keys.get(environment.id):
            learnt.keep(cache, key, said)


def _code(record: Record) -> int:
    """The exit code: of an infrastructure's fault, else of flags that nobody has accepted."""
    if record.interrupted:
        return record.exit_code
    accepted = all(one.accepted for one in record.probes)
    forgiven = {Verdict.MISMATCH, Verdict.CLAIM_FAILED} if accepted else {Verdict.CLAIM_FAILED}
    codes = [EXIT_CODES[one.verdict] for one in record.results if one.verdict not in forgiven]
    codes += [0 if one.fine else UNACCEPTED for one in record.probes]
    if not record.probes:
        codes.append(verdicts.NOTHING_CHECKED)
    failed = record.exit_code if record.error else 0
    return first_code((*codes, failed))
