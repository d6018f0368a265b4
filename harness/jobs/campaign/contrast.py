"""Environments against each other: differences that no flag of their semantics explains."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from ... import abi, language, layout
from ...check import Sign
from ...check.sign import OUTCOME
from ...compare import Compared, Kind, compare_traces
from ...errors import PagelabError
from ...generate import Generated
from ...program import Compiled, Program
from ...shrink import shrink
from ...shrink.cut import plain
from ...trace import Recording, Trace
from ...verdict import Verdict
from ..compare import paired
from ..difference import ALONE
from .inquiry import Lab, operations_of, parsed
from .station import Judged
from .values import Settled, Sighting

UNEXPLAINED = "differs between environments"


@dataclass(slots=True)
class _Together:
    """One program's results so far, by the environment's number."""

    judged: dict[int, Judged] = field(default_factory=dict)


class Contrast:
    """Holds a program's traces until every environment has run it.

    Args:
        places: how many environments there are.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._waiting: dict[int, _Together] = {}

    def take(self, at: int, program: Generated, judged: Judged) -> list[Sighting]:
        """One environment's result of a program; what the last one of them makes known.

        What differs from its own model is told elsewhere: only programs that passed are compared.
        """
        if self._places == 1:
            return []
        together = self._waiting.setdefault(program.index, _Together())
        together.judged[at] = judged
        if len(together.judged) < self._places:
            return []
        del self._waiting[program.index]
        recordings = {
            at: one.recording
            for at, one in sorted(together.judged.items())
            if one.recording is not None and one.result.verdict is Verdict.PASS
        }
        return list(self._compared(program, recordings))

    def _compared(self, program: Generated, recordings: dict[int, Recording]) -> list[Sighting]:
        by_id = {one.header.environment.id: at for at, one in recordings.items()}
        environments = [one.header.environment for one in recordings.values()]
        found = []
        for one, other in paired(environments):
            places = by_id[one.id], by_id[other.id]
            traces = [recordings[at].trace() for at in places]
            if _outcomes(traces[0]) == _outcomes(traces[1]):
                continue
            told = unexplained(traces, program.compiled)
            if told is not None:
                sign, text = told
                detail = _detail(text)
                trace = recordings[places[0]].encode()
                found.append(
                    Sighting(
                        program.index, places[0], sign, program.text, detail, (), trace, places[1]
                    )
                )
        return found

    def inquire(self, sighting: Sighting, labs: Sequence[Lab], name: str) -> Settled:
        """Looks into a difference between two environments."""
        began = time.monotonic()
        program = plain(parsed(sighting.text, name))

        def shows(candidates: Sequence[Program]) -> list[bool]:
            found = [lab.run(candidates) for lab in labs]
            answers = []
            for pair in zip(*found, strict=False):
                told = _of(pair)
                answers.append(told is not None and sighting.sign.same(told[0]))
            return answers + [False] * (len(candidates) - len(answers))

        repeats = any(shows([program]))
        least = shrink(program, shows) if repeats else program
        pair = [lab.run([least]) for lab in labs]
        told = _of([one[0] for one in pair]) if all(pair) else None
        environments = [lab.prepared.environment for lab in labs]
        recordings = [one[0].recording for one in pair if one]
        return Settled(
            sighting=sighting.name,
            index=sighting.index,
            environment=environments[0].id,
            kernel=environments[0].kernel,
            arch=environments[0].arch,
            sign=sighting.sign,
            how=ALONE if repeats else "",
            text=language.render(least),
            operations=operations_of(least),
            detail=_detail(told[1]) if told else sighting.detail,
            traces={"first": sighting.trace}
            | {
                name: recording.encode()
                for name, recording in zip(("shrunk", "other"), recordings, strict=False)
                if recording is not None
            },
            other=environments[1].id,
            seconds=time.monotonic() - began,
        )


def _outcomes(trace: Trace) -> list[tuple[object, ...]]:
    """What the program itself could see. Two kernels that each do as their own model says, and
    differ in nothing here, may differ in snapshots; that follows from flags."""
    return [
        (one.kind, one.ret, one.signo, one.si_code, one.addr, one.refused) for one in trace.outcomes
    ]


def _of(pair: Sequence[Judged]) -> tuple[Sign, str] | None:
    recordings = [one.recording for one in pair]
    if any(one is None for one in recordings):
        return None
    traces = [one.trace() for one in recordings if one is not None]
    text = traces[0].header.text
    return unexplained(traces, layout.compile_program(language.parse(text, "")))


def unexplained(traces: Sequence[Trace], compiled: Compiled) -> tuple[Sign, str] | None:
    """The first operation whose difference no flag explains: its sign, and what is to be said."""
    try:
        compared: Compared = compare_traces(traces[0], traces[1], compiled)
    except PagelabError:
        return None
    for one in compared.differing:
        if one.cause.kind is Kind.UNEXPLAINED:
            call = compiled.ops[one.operation].code
            what = "; ".join(f"{item.what}: {item.one} | {item.other}" for item in one.items)
            where = OUTCOME if any(item.what == OUTCOME for item in one.items) else "snapshot"
            sign = Sign(Verdict.MISMATCH, abi.Code(call).name.lower(), f"{UNEXPLAINED}: {where}")
            return sign, f"{one.text}: {what}"
    return None


def _detail(text: str) -> dict[str, object]:
    return {
        "operation": None,
        "line": None,
        "text": text,
        "observed": {},
        "allowed": [],
        "source": UNEXPLAINED,
    }
