"""One environment in one worker: a guest that is fed and asked, and a new one where it ends."""

from __future__ import annotations

import contextlib
import functools
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ... import guest as guests
from ...check.sign import other_sign
from ...conditions import requires_met
from ...environment import Environment
from ...errors import BootFailed, GuestLost, KernelFault, PagelabError
from ...generate import Generated
from ...program import Compiled
from ...trace import Recording
from ...verdict import Verdict
from ..backend import Backend, Prepared
from ..judge import error_verdict, judge
from ..results import Result, infrastructure_detail
from ..session import Guest
from .pace import Pace

BOOTS_MAX = 3  # in a row that end without a hello
DEATHS_MAX = 20  # guests in a row that pass no program
LIFE = 4096  # programs of one guest: so long is the history that a difference may need
_TRIES = 2  # times that a program is run that its guest did not survive
_ENDED = frozenset({Verdict.GUEST_LOST, Verdict.TIMEOUT})


@dataclass(frozen=True, slots=True)
class Judged:
    """A program that was run and checked.

    Attributes:
        recording: its trace, in memory; None where it never ran.
    """

    result: Result
    recording: Recording | None


@dataclass(slots=True)
class _Waiting:
    """A program that is to be run, and how often that was tried in vain."""

    program: Generated
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Death:
    """A guest that ended before it should.

    Attributes:
        finished: how many programs it had passed.
    """

    finished: int
    verdict: Verdict
    text: str


class Station:
    """Runs programs of one environment, one result after the other.

    Args:
        more: asks for further programs, which are then given by add(); False: there are none now.
        console: gives the path of the next guest's console log.
        died: hears of guests that ended before they should.
        note: hears what the user should know.

    Attributes:
        history: texts of what the guest has run, in order.
        given_up: why it takes no more programs, the verdict first; "" while it does.
    """

    def __init__(
        self,
        prepared: Prepared,
        backend: Backend,
        observe: Literal["each", "end"],
        more: Callable[[], bool],
        console: Callable[[], Path],
        died: Callable[[Death], None],
        note: Callable[[str], None],
    ) -> None:
        self.environment: Environment = prepared.environment
        self.history: list[str] = []
        self.given_up = ""
        self._prepared = prepared
        self._backend = backend
        self._observe = observe
        self._more = more
        self._console = console
        self._died = died
        self._note = note
        self._ahead: deque[_Waiting] = deque()
        self._under_way: deque[_Waiting] = deque()
        self._stack = contextlib.ExitStack()
        self._guest: Guest | None = None
        self._log: Path | None = None
        self._results: Iterator[guests.Result] | None = None
        self._handed = 0
        self._finished = 0
        self._deaths = self._boots = 0
        self._pace = Pace()
        self._skipped: deque[Generated] = deque()

    @property
    def pid(self) -> int:
        """The guest's process id; 0 where there is none."""
        return self._guest.pid if self._guest is not None else 0

    def give_up(self, why: str) -> None:
        """Takes no more programs; those that wait are skipped."""
        self.given_up = why
        self.close()
        self._skipped.extend(waiting.program for waiting in self._ahead)
        self._ahead.clear()

    def add(self, program: Generated) -> None:
        """One more program to run, or to skip where its ``requires:`` is false."""
        wanted = program.compiled.requires
        if self.given_up or not all(requires_met(one, self.environment) for one in wanted):
            self._skipped.append(program)
        else:
            self._ahead.append(_Waiting(program))

    def next(self) -> tuple[Generated, Judged] | None:
        """The next program's result; None where there is nothing to do just now.

        Raises:
            UsageError, HarnessError: no guest can be had.
        """
        while True:
            if self._skipped:
                return self._skip(self._skipped.popleft())
            if self._results is None and not self._begin():
                return None
            if self._results is None:
                continue
            result = next(self._results, None)
            if result is not None:
                told = self._take(result)
                if told is not None:
                    return told
            else:
                self._results = None
                self._look_after()

    def before(self) -> tuple[str, ...]:
        """What the guest of the latest result had run before it."""
        return tuple(self.history[:-1])

    def close(self, *, keep_log: bool = False) -> None:
        """Ends the guest. What was under way is to be run again."""
        self._results = None
        self._stack.close()
        if self._log is not None and not keep_log:
            self._log.unlink(missing_ok=True)
        self._guest, self._log = None, None
        self._ahead.extendleft(reversed(self._under_way))
        self._under_way.clear()

    # ---- the guest ---------------------------------------------------------------

    def _begin(self) -> bool:
        """Has a guest take programs; False: there are none."""
        if not self._ahead and not self._more():
            return False
        if not self._ahead:
            return True  # what came is skipped
        if self._guest is None and not self._boot():
            return True
        assert self._guest is not None
        self._results = iter(self._guest.run(self._requests()))
        return True

    def _boot(self) -> bool:
        self._log = self._console()
        try:
            self._guest = self._stack.enter_context(self._prepared.boot(self._log))
        except (BootFailed, KernelFault, GuestLost) as error:
            self._boots += 1
            self._dead(0, error_verdict(error), str(error))
            return False
        self._boots = 0
        self.environment = self._guest.environment
        self.history = []
        self._handed = self._finished = 0
        self._pace.begin(self._guest.pid)
        return True

    def _dead(self, finished: int, verdict: Verdict, text: str) -> None:
        """The guest ended before it should; after too many in a row nothing is tried any more."""
        self._deaths = 0 if finished else self._deaths + 1
        self._died(Death(finished, verdict, text))
        self.close(keep_log=True)
        if self._deaths >= DEATHS_MAX or self._boots >= BOOTS_MAX:
            count = max(self._deaths, self._boots)
            why = f"{count} guests in a row passed no program; the last: {text}"
            self.give_up(f"{verdict.value}: {why}")

    def _requests(self) -> Iterator[guests.Request | None]:
        """What the guest asks for as it goes on; None: nothing just now."""
        while self._handed < LIFE:
            if not self._ahead and not (self._more() and self._ahead):
                yield None
                continue
            waiting = self._ahead.popleft()
            self._under_way.append(waiting)
            self._handed += 1
            program = waiting.program
            yield guests.Request(
                program=program.program.name,
                text=program.text,
                compiled=program.compiled,
                trace=None,
                observe=self._observe,
            )

    def _look_after(self) -> None:
        """The guest's run ended: a new guest, if this one is of no further use."""
        usable = self._guest is not None and self._guest.usable
        if not usable or self._handed >= LIFE or self._under_way:
            self.close(keep_log=not usable)

    # ---- results -------------------------------------------------------------------

    def _take(self, result: guests.Result) -> tuple[Generated, Judged] | None:
        """Judges what a guest gave; None where the program is to be run once more."""
        waiting = self._under_way.popleft()
        program = waiting.program
        assert result.recording is not None
        judged = self._judge(program, result.recording)
        verdict = judged.result.verdict
        ended = bool(result.ending.verdict)
        if verdict is Verdict.KERNEL_FAULT or ended:
            headline = str((judged.result.detail or {}).get("text", ""))
            self._dead(self._finished, verdict, result.ending.text or headline)
        if verdict in _ENDED and not self.given_up:
            waiting.tries += 1
            if waiting.tries < _TRIES:
                self._ahead.appendleft(waiting)
                return None
        if verdict is Verdict.PASS:
            self._finished += 1
        self.history.append(program.text)
        if self._guest is not None and self._pace.slows(judged.result.operations):
            self._note(f"{self.environment.id}: {self._pace.text}: a new guest takes its place")
            self.close()
        return program, judged

    def _judge(self, program: Generated, recording: Recording) -> Judged:
        result = judged(self._backend, recording, program.compiled)
        return Judged(replace(result, environment=self.environment.id), recording)

    def _skip(self, program: Generated) -> tuple[Generated, Judged]:
        """The result of a program that is not run here."""
        result = Result(
            program=program.program.name,
            environment=self.environment.id,
            kernel=self.environment.kernel,
            arch=self.environment.arch,
            verdict=Verdict.SKIPPED,
        )
        return program, Judged(result, None)


def judged(
    backend: Backend, recording: Recording, compiled: Compiled, *, exact: bool = False
) -> Result:
    """What a program showed; where the checker itself failed, that.

    Args:
        exact: as of judge().
    """
    check = functools.partial(backend.check, compiled=compiled)
    environment = recording.header.environment
    try:
        found = judge(recording.trace(), recording.header.program, check, exact=exact)
    except PagelabError as error:
        cause = error.__cause__
        kind = type(cause).__name__ if cause is not None else "error"
        return Result(
            program=recording.header.program,
            environment=environment.id,
            kernel=environment.kernel,
            arch=environment.arch,
            verdict=Verdict.HARNESS_ERROR,
            operations=len(compiled.ops),
            detail=infrastructure_detail(str(error), tail=_last_lines(error)),
            sign=other_sign(Verdict.HARNESS_ERROR, f"the checker failed with {kind}"),
        )
    if found.verdict in (Verdict.PASS, Verdict.SKIPPED) or found.sign is not None:
        return found
    text = str((found.detail or {}).get("text", ""))
    return replace(found, sign=other_sign(found.verdict, text))


def _last_lines(error: PagelabError) -> str:
    """Where the checker failed, for whoever mends it."""
    cause = error.__cause__
    if cause is None:
        return ""
    return "".join(traceback.format_exception(cause))[-2000:]
