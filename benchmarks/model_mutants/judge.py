"""A mutant's judgement: recorded traces, checked by the mutated model in a process of its own."""

from __future__ import annotations

import dataclasses
import gc
import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType

from harness import language, layout
from harness.check import Exactness
from harness.program import Compiled
from harness.trace import Trace
from harness.verdict import Verdict

from .mutate import Mutant
from .substitute import Check, anew, in_place

# A check may take so many times what the true model takes, and no less than so many seconds, of
# processor time; the whole process may take a multiple, where nothing of Python's runs any more.
_SLOWER, _SECONDS = 20.0, 1.0
_HARD_SECONDS = 120
_MEMORY = 4 << 30


@dataclass(frozen=True, slots=True)
class Recorded:
    """A trace that passes.

    Attributes:
        name: architecture and program.
        seconds: processor time of its check by the true model.
        exact: how much the true model leaves open of it.
    """

    name: str
    trace: Trace
    compiled: Compiled
    seconds: float
    exact: Exactness


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a mutant.

    Attributes:
        reached: how many traces run what was changed.
        killer: the trace that noticed; "" if none did.
        how: verdict, exception, "too slow", or "says less": where the true model allows one thing
            the mutant allows several, or anything.
    """

    mutant: Mutant
    reached: int
    killer: str
    how: str

    @property
    def killed(self) -> bool:
        return bool(self.how)


class _TooSlow(BaseException):
    """The processor time is used up."""


def compiled(trace: Trace) -> Compiled:
    """A trace's program."""
    return layout.compile_program(language.parse(trace.header.text, trace.header.program))


def judge(mutant: Mutant, traces: Sequence[Recorded]) -> Judged:
    """Checks one trace after the other, in a fork, until one does not pass.

    Args:
        traces: those that run what was changed, in the order in which they are tried.
    """
    if not traces:
        return Judged(mutant, 0, "", "")
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        _child(mutant, traces, writing)
    os.close(writing)
    with open(reading, "rb") as answer:
        told = answer.read()
    _, status = os.waitpid(child, 0)
    if status or not told:
        return Judged(mutant, len(traces), "?", f"its process ended with {status:#x}")
    killer, how = json.loads(told)
    return Judged(mutant, len(traces), killer, how)


def _child(mutant: Mutant, traces: Sequence[Recorded], writing: int) -> None:
    """The fork's part; it does not come back."""
    status = 1
    try:
        gc.disable()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        used = resource.getrusage(resource.RUSAGE_SELF).ru_utime
        resource.setrlimit(resource.RLIMIT_CPU, (int(used) + _HARD_SECONDS,) * 2)
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        sys.setrecursionlimit(2000)
        os.write(writing, json.dumps(_notice(mutant, traces)).encode())
        status = 0
    finally:
        os._exit(status)


def _notice(mutant: Mutant, traces: Sequence[Recorded]) -> tuple[str, str]:
    """Who notices, and how.

    What is noticed with the function changed in place is noticed; what is not is tried again with
    the model imported anew, which is dearer than the checks that most mutants need.
    """
    signal.signal(signal.SIGVTALRM, _ring)
    ways: list[Callable[[Mutant], Check | None]] = [in_place] if mutant.lines else []
    for way in (*ways, anew):
        try:
            signal.setitimer(signal.ITIMER_VIRTUAL, _HARD_SECONDS / 4)
            check_trace = way(mutant)
        except _TooSlow:
            return "import", "too slow"
        except Exception as error:
            return "import", type(error).__name__
        if check_trace is None:
            continue
        for one in traces:
            how = _differs(check_trace, one)
            if how:
                return one.name, how
    return "", ""


def _differs(check_trace: Check, one: Recorded) -> str:
    """How a check does not pass; "" if it does."""
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, max(_SECONDS, _SLOWER * one.seconds))
        checked = check_trace(one.trace, compiled=one.compiled)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except _TooSlow:
        return "too slow"
    except Exception as error:
        return type(error).__name__
    if checked.verdict is not Verdict.PASS:
        return str(checked.verdict.value)
    # Of another import, so of another class: their values are compared.
    same = dataclasses.astuple(checked.exact) == dataclasses.astuple(one.exact)
    return "" if same else "says less"


def _ring(number: int, frame: FrameType | None) -> None:
    raise _TooSlow
