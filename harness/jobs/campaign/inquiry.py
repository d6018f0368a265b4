"""Looking into something that did not pass: does it repeat, and what is the least that shows it?

It is run alone on a fresh guest first; where that does not show it, behind everything that its
guest had run before. What repeats is made smaller, what does not is flaky.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from ... import guest as guests
from ... import language, layout
from ...check import Sign
from ...errors import BootFailed, GuestLost, GuestTimeout, KernelFault, UsageError
from ...program import Operation, Program
from ...shrink import shrink
from ...shrink.cut import plain
from ...verdict import Verdict
from ..backend import Backend, Prepared
from ..difference import ALONE, HISTORY
from .station import Judged, judged
from .values import Settled, Sighting

SECONDS = 120.0  # that making one program smaller may take
_GONE = (BootFailed, GuestLost, GuestTimeout, KernelFault)


class Lab:
    """Fresh guests of one environment.

    Args:
        console: gives the path of the next guest's console log.
    """

    def __init__(
        self,
        prepared: Prepared,
        backend: Backend,
        console: Callable[[], Path],
        observe: Literal["each", "end"] = "each",
    ) -> None:
        self.prepared = prepared
        self._backend = backend
        self._console = console
        self._observe = observe

    def run(self, programs: Sequence[Program], *, exact: bool = False) -> list[Judged]:
        """Runs programs on one fresh guest, in order.

        Args:
            exact: each outcome is sent at once, so that the operation of a fault is known.

        Returns:
            A result a program, as far as the guest came: it is not used behind a fault.
        """
        requests = [self._request(program, exact) for program in programs]
        found: list[Judged] = []
        log = self._console()
        try:
            with self.prepared.boot(log) as guest:
                for request, result in zip(requests, guest.run(iter(requests)), strict=False):
                    assert result.recording is not None
                    told = judged(self._backend, result.recording, request.compiled, exact=exact)
                    told = replace(told, environment=guest.environment.id)
                    found.append(Judged(told, result.recording))
                    if told.verdict is Verdict.KERNEL_FAULT:
                        break
        except _GONE:
            return found
        finally:
            log.unlink(missing_ok=True)
        return found

    def _request(self, program: Program, exact: bool) -> guests.Request:
        return guests.Request(
            program=program.name,
            text=language.render(program),
            compiled=layout.compile_program(program),
            trace=None,
            observe=self._observe,
            stream=exact,
        )

    # ---- does it show? -------------------------------------------------------------

    def last(self, programs: Sequence[Program], *, exact: bool = False) -> Judged | None:
        """What the last of some programs gives; None where its guest did not come to it."""
        found = self.run(programs, exact=exact)
        return found[-1] if len(found) == len(programs) else None

    def each(self, programs: Sequence[Program], sign: Sign) -> list[bool]:
        """Which programs show it, one behind the other on as few guests as can be.

        The answer ends behind the first of which the guest died, if that shows it.
        """
        answers: list[bool] = []
        while len(answers) < len(programs):
            found = self.run(programs[len(answers) :])
            if not found:
                answers.append(False)  # no guest could be had
            answers += [sign.same(one.result.sign) for one in found]
            if len(answers) < len(programs) and answers[-1]:
                return answers
        return answers


def parsed(text: str, name: str) -> Program:
    """A program that was run before."""
    return language.parse(text, name)


class Inquiry:
    """Looks into one sighting. Used once."""

    def __init__(self, sighting: Sighting, lab: Lab, name: str) -> None:
        self._sighting = sighting
        self._lab = lab
        self._program = parsed(sighting.text, name)
        self._history = [parsed(text, f"before-{n}") for n, text in enumerate(sighting.history)]
        self._began = time.monotonic()
        self._deadline = self._began + SECONDS

    def settle(self) -> Settled:
        """Everything, from the first rerun to the smallest program."""
        sign = self._sighting.sign
        alone = self._lab.last([self._program], exact=True)
        if alone is not None and sign.same(alone.result.sign):
            return self._shrunk(sign, alone, ALONE, ())
        if self._history:
            behind = self._lab.last([*self._history, self._program])
            if behind is not None and sign.same(behind.result.sign):
                before = self._fewest()
                return self._shrunk(sign, behind, HISTORY, before)
        return self._flaky(alone)

    # ---- history ---------------------------------------------------------------------

    def _fewest(self) -> tuple[Program, ...]:
        """The programs that have to run before, none of which can go."""
        before = self._history
        for length in (1, 8, 64):
            if length < len(before) and self._shows(before[-length:], self._program):
                before = before[-length:]
                break
        size = len(before) // 2
        while size:
            at = len(before)
            while at > 0:
                fewer = [*before[: max(0, at - size)], *before[at:]]
                if self._shows(fewer, self._program):
                    before = fewer
                at -= size
            size //= 2
        return tuple(before)

    def _shows(self, before: Sequence[Program], program: Program) -> bool:
        if time.monotonic() > self._deadline:
            return False
        last = self._lab.last([*before, program])
        return last is not None and self._sighting.sign.same(last.result.sign)

    # ---- smaller ---------------------------------------------------------------------

    def _shrunk(self, sign: Sign, seen: Judged, how: str, before: tuple[Program, ...]) -> Settled:
        def at_once(candidates: Sequence[Program]) -> Sequence[bool]:
            late = time.monotonic() > self._deadline
            return [] if late else self._lab.each(candidates, sign)

        def one_by_one(candidates: Sequence[Program]) -> Sequence[bool]:
            return [self._shows(before, candidate) for candidate in candidates]

        start = cut_behind(plain(self._program), seen, self._program)
        ways = [one_by_one] if before else [at_once, one_by_one]
        for way in ways:
            first = start if any(way([start])) else plain(self._program)
            least = shrink(first, way)
            last = self._lab.last([*before, least], exact=not before)
            if last is not None and sign.same(last.result.sign):
                least_before = self._smaller(before, least)
                return self._settled(
                    last, how, least, least_before, {"first": self._sighting.trace}
                )
        return self._settled(seen, how, self._program, before, {"first": self._sighting.trace})

    def _smaller(self, before: tuple[Program, ...], program: Program) -> tuple[Program, ...]:
        """The programs before, each made smaller in its turn."""
        found = list(before)
        for at, one in enumerate(found):

            def shows(candidates: Sequence[Program], at: int = at) -> Sequence[bool]:
                rest = found[at + 1 :]
                return [self._shows([*found[:at], one, *rest], program) for one in candidates]

            found[at] = shrink(one, shows)
        return tuple(found)

    # ---- what is to be said ------------------------------------------------------------

    def _flaky(self, alone: Judged | None) -> Settled:
        traces = {"first": self._sighting.trace}
        if alone is not None and alone.recording is not None:
            traces["alone"] = alone.recording.encode()
        environment = self._lab.prepared.environment
        return Settled(
            sighting=self._sighting.name,
            index=self._sighting.index,
            environment=environment.id,
            kernel=environment.kernel,
            arch=environment.arch,
            sign=self._sighting.sign,
            how="",
            text=self._sighting.text,
            operations=operations_of(self._program),
            detail=self._sighting.detail,
            traces=traces,
            seconds=time.monotonic() - self._began,
        )

    def _settled(
        self,
        seen: Judged,
        how: str,
        program: Program,
        before: tuple[Program, ...],
        traces: dict[str, bytes],
    ) -> Settled:
        result = seen.result
        assert seen.recording is not None
        assert result.sign is not None
        return Settled(
            sighting=self._sighting.name,
            index=self._sighting.index,
            environment=result.environment,
            kernel=result.kernel,
            arch=result.arch,
            sign=result.sign,
            how=how,
            text=language.render(program),
            operations=operations_of(program),
            detail=result.detail or {},
            before=tuple(language.render(one) for one in before),
            traces=traces | {"shrunk": seen.recording.encode()},
            seconds=time.monotonic() - self._began,
        )


def operations_of(program: Program) -> int:
    """How many operations a program has."""
    return sum(isinstance(line.node, Operation) for line in program.lines)


def cut_behind(program: Program, seen: Judged, original: Program) -> Program:
    """The program to the operation that does not pass; all of it where nobody knows which.

    Args:
        program: without comments.
        seen: what the original one gave.
    """
    at = (seen.result.detail or {}).get("operation")
    if not isinstance(at, int) or seen.result.verdict is not Verdict.MISMATCH:
        return program
    left = at + 1
    lines = []
    for line in program.lines:
        if isinstance(line.node, Operation):
            if not left:
                break
            left -= 1
        lines.append(line)
    shorter = Program(tuple(lines), original.name)
    try:
        layout.compile_program(shorter)
    except UsageError:
        return program
    return shorter
