"""The main job: programs on real kernels, checked as they come.

The main thread decides and checks; builds and guests live in threads of their
own (session.py) and speak through one queue of events.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import queue
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from .. import verdict as verdicts
from ..arch import Arch
from ..errors import HarnessError, PagelabError, UsageError
from ..progress import Progress
from ..verdict import Verdict
from . import difference
from .backend import Backend, Choice, Prepared
from .folder import RunFolder
from .judge import error_verdict, judge, read_trace
from .lane import Lane, Pending, split, unbuilt
from .programs import Source, unmet
from .results import Record, Result, in_order
from .session import Booted, Done, Over, Session, Task, start, unexpected

_LOOK_SECONDS = 5.0
_STOP_SECONDS = 5.0


class Sink(Protocol):
    """Hears what happens, in the main thread but for `building`."""

    def building(self, label: str) -> AbstractContextManager[Progress]:
        """Progress of one environment's build; used in that build's thread."""

    def line(self, text: str) -> None:
        """Something that the user should know."""

    def result(self, result: Result, total: int) -> None:
        """One result is final; `total` are expected."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is asked for.

    Attributes:
        jobs: how many guests, or builds, at once.
        keep_errors: write tracebacks of our own faults into the run folder.
    """

    kernels: tuple[str, ...]
    arches: tuple[Arch, ...]
    choice: Choice
    observe: Literal["each", "end"] = "each"
    allow_flaky: bool = False
    jobs: int = 1
    keep_errors: bool = False


@dataclass(frozen=True, slots=True)
class Ready:
    """A lane's preparation ended."""

    lane: Lane
    prepared: Prepared | None
    error: PagelabError | None
    traceback: str = ""


class Run:
    """One run, from parsed programs to a record. Used once.

    Args:
        options: what is asked for.
        sources: the programs, none twice.
        folder: where traces and logs go.
        backend: the world.
        sink: hears of progress.
    """

    def __init__(
        self,
        options: Options,
        sources: Sequence[Source],
        folder: RunFolder,
        backend: Backend,
        sink: Sink,
    ) -> None:
        self._options = options
        self._sources = tuple(sources)
        self._folder = folder
        self._backend = backend
        self._sink = sink
        self._started = datetime.now().astimezone()
        self._clock = time.monotonic()
        self._events: queue.SimpleQueue[Booted | Done | Over | Ready] = queue.SimpleQueue()
        self._threads: set[threading.Thread] = set()
        self._running = 0
        self._results: dict[tuple[str, int], Result] = {}
        self._pending: list[Pending] = []
        self._reruns: deque[Pending] = deque()
        self._owner: dict[Session, Lane | Pending] = {}
        self._error: PagelabError | None = None
        self._told: set[str] = set()
        pairs = [(kernel, arch) for kernel in options.kernels for arch in options.arches]
        self._lanes = [
            unbuilt(n, *pair, options.choice, self._sources) for n, pair in enumerate(pairs)
        ]
        self._numbers = itertools.count(len(pairs))
        self._unprepared = deque(self._lanes)

    def execute(self) -> Record:
        """Runs everything; interrupted or not, what was learnt is in the record."""
        interrupted = False
        try:
            while self._fill() or self._running:
                self._handle(self._next_event())
        except KeyboardInterrupt:
            interrupted = True
        except PagelabError as error:
            self._error = error
        except Exception as unknown:
            self._error = unexpected(unknown)
            self._keep_error(traceback.format_exc())
        if interrupted or self._error is not None:
            self._wind_up()
        return self.record(interrupted=interrupted)

    def record(self, *, interrupted: bool = False) -> Record:
        """What is known now."""
        found = list(self._results.values())
        code = verdicts.exit_code(
            (result.verdict for result in found), allow_flaky=self._options.allow_flaky
        )
        if self._error is not None:
            code = verdicts.first_code((self._error.exit_code, code))
        environments = tuple(lane.environment for lane in self._lanes)
        programs = [source.name for source in self._sources]
        return Record(
            started=self._started,
            seconds=time.monotonic() - self._clock,
            exit_code=verdicts.INTERRUPTED if interrupted else code,
            environments=environments,
            results=in_order(found, programs, [known.id for known in environments]),
            folder=str(self._folder.path),
            error=str(self._error or ""),
        )

    # ---- what to start -------------------------------------------------------

    def _fill(self) -> bool:
        """Starts what there is room for; True if it started something."""
        before = self._running
        while self._running < self._options.jobs and self._start_one():
            self._running += 1
        return self._running > before

    def _start_one(self) -> bool:
        if self._unprepared:
            lane = self._unprepared.popleft()
            thread = threading.Thread(target=self._prepare, args=(lane,), daemon=True)
            self._threads.add(thread)
            thread.start()
            return True
        share = max(1, self._options.jobs // len(self._lanes))
        for lane in sorted(self._lanes, key=lambda lane: lane.sessions):
            if lane.wants_guest(share):
                lane.sessions += 1
                self._begin(lane, lane, lane.take)
                return True
        if self._reruns:
            self._begin_rerun(self._reruns.popleft())
            return True
        return False

    def _prepare(self, lane: Lane) -> None:
        """In a thread of its own: build, and say so."""
        prepared, error, trace = None, None, ""
        try:
            with self._sink.building(f"{lane.kernel} {lane.arch.name}") as progress:
                prepared = self._backend.prepare(lane.kernel, lane.arch, lane.choice, progress)
        except PagelabError as known:
            error = known
        except Exception as unknown:
            error, trace = unexpected(unknown), traceback.format_exc()
        self._events.put(Ready(lane, prepared, error, trace))

    def _begin(
        self, owner: Lane | Pending, lane: Lane, take: Callable[[], Task | None], purpose: str = ""
    ) -> None:
        assert lane.prepared is not None
        session = Session(
            boot=lane.prepared.boot,
            take=take,
            console=self._folder.console(lane.environment.id),
            observe=self._options.observe,
            stream=bool(purpose),
            purpose=purpose,
        )
        self._owner[session] = owner
        self._threads.add(start(session, self._events))

    def _begin_rerun(self, pending: Pending) -> None:
        """A difference again on a fresh guest, operation by operation."""
        how = difference.next_step(pending.attempts, len(pending.history))
        assert how is not None
        before = pending.history if how == difference.HISTORY else ()
        name = pending.lane.environment.id
        tasks = deque(
            Task(source, self._folder.trace(name, source.name, f".{how}"))
            for source in (*before, pending.source)
        )
        pending.last = None
        self._begin(pending, pending.lane, lambda: tasks.popleft() if tasks else None, how)

    # ---- what happened -------------------------------------------------------

    def _next_event(self) -> Booted | Done | Over | Ready:
        """Waits for news; every thread has deadlines of its own, and ends with an event."""
        while True:
            with contextlib.suppress(queue.Empty):
                return self._events.get(timeout=_LOOK_SECONDS)
            self._threads = {thread for thread in self._threads if thread.is_alive()}
            if not self._threads and self._events.empty():
                raise HarnessError("internal error: every worker ended without a word")

    def _handle(self, event: Booted | Done | Over | Ready) -> None:
        if isinstance(event, Ready):
            self._ready(event)
            return
        owner = self._owner[event.session]
        if isinstance(event, Over):
            self._over(event, owner)
        elif isinstance(owner, Pending):
            if isinstance(event, Done):
                self._redone(event, owner)
        elif isinstance(event, Done):
            self._done(event, owner)
        else:
            self._booted(event, owner)

    def _booted(self, event: Booted, lane: Lane) -> None:
        if lane.prepared is not None:
            self._tell(lane.prepared.take_note())
        if not lane.booted:
            lane.booted = True
            lane.environment = event.environment

    def _tell(self, note: str) -> None:
        """Say it, once: environments of one architecture have the same to say."""
        if note and note not in self._told:
            self._told.add(note)
            self._sink.line(note)

    def _ready(self, event: Ready) -> None:
        self._running -= 1
        lane = event.lane
        self._keep_error(event.traceback)
        if event.prepared is None:
            assert event.error is not None
            self._fail(lane, event.error, [Task(source, Path()) for source in lane.sources])
            return
        environment = event.prepared.environment
        if any(other.prepared and other.environment.id == environment.id for other in self._lanes):
            # Two names of one kernel ("6.1", "6.1.192"); an environment is run once.
            self._lanes.remove(lane)
            return
        lane.prepared = event.prepared
        lane.environment = environment
        self._tell(event.prepared.note)
        self._split(lane)
        for source in lane.sources:
            condition = unmet(source, lane.environment)
            if condition is None:
                trace = self._folder.trace(lane.environment.id, source.name)
                lane.waiting.append(Task(source, trace))
            else:
                text = f"requires: {condition} is false here"
                self._final(lane, lane.unrun(source, Verdict.SKIPPED, text))

    def _split(self, lane: Lane) -> None:
        """Programs that ask for boot parameters have guests of their own."""
        more = split(lane, self._numbers)
        at = self._lanes.index(lane) + 1
        self._lanes[at:at] = more
        self._unprepared.extend(more)
        if not lane.sources:
            self._lanes.remove(lane)

    def _fail(self, lane: Lane, error: PagelabError, tasks: list[Task]) -> None:
        """Nothing more can run in a lane; wrong usage ends the whole run."""
        if isinstance(error, UsageError):
            raise error
        lane.given_up = error_verdict(error), str(error)
        for task in tasks:
            self._final(lane, lane.unrun(task.source, *lane.given_up, tail=error.tail))

    def _done(self, event: Done, lane: Lane) -> None:
        session = event.session
        if session.stop.is_set():
            # This guest had shown a kernel fault before: what came after proves nothing.
            self._give_back(lane, [event.task])
            return
        result = self._judge(event, lane)
        if result.verdict is Verdict.KERNEL_FAULT:
            session.stop.set()
        elif event.ending.verdict:
            lane.died(session, result.verdict, event.ending.text)
        else:
            lane.deaths = 0
        if result.verdict not in difference.DIFFERENCES:
            self._final(lane, result)
            return
        handed = session.handed[: session.handed.index(event.task)]
        history = tuple(task.source for task in handed)
        pending = Pending(result, lane, event.task.source, history)
        self._pending.append(pending)
        self._reruns.append(pending)

    def _redone(self, event: Done, pending: Pending) -> None:
        if event.task.source is pending.source:
            pending.last = self._judge(event, pending.lane)
        else:
            event.task.trace.unlink(missing_ok=True)  # only led up to it

    def _over(self, event: Over, owner: Lane | Pending) -> None:
        self._running -= 1
        session, error = event.session, event.error
        del self._owner[session]
        self._keep_error(event.traceback)
        if isinstance(owner, Pending):
            self._settle(owner, session.purpose, error)
            return
        lane = owner
        lane.sessions -= 1
        left = session.handed[session.done :]
        if isinstance(error, (UsageError, HarnessError)):
            self._fail(lane, error, left + list(lane.waiting))
            lane.waiting.clear()
            return
        if error is not None:
            lane.died(session, error_verdict(error), str(error))
        self._give_back(lane, left)

    def _give_back(self, lane: Lane, tasks: list[Task]) -> None:
        lane.give_back(tasks)
        while lane.given_up and (task := lane.take()) is not None:
            self._final(lane, lane.unrun(task.source, *lane.given_up))

    def _settle(self, pending: Pending, how: str, error: PagelabError | None) -> None:
        """A rerun's guest is gone: rerun in another way, or report."""
        said = pending.last
        if said is None:
            verdict = error_verdict(error) if error else Verdict.GUEST_LOST
            said = pending.lane.unrun(pending.source, verdict, str(error or "not reached"))
        pending.attempts.append((how, said))
        if difference.next_step(pending.attempts, len(pending.history)) is None:
            self._report(pending)
        else:
            self._reruns.append(pending)

    def _report(self, pending: Pending) -> None:
        self._pending.remove(pending)
        self._final(pending.lane, difference.settle(pending.first, pending.attempts))

    def _judge(self, event: Done, lane: Lane) -> Result:
        path = event.task.trace
        check = functools.partial(self._backend.check, compiled=event.task.source.compiled)
        try:
            exact = event.session.stream
            result = judge(read_trace(path), str(path), check, exact=exact)
        except PagelabError as error:
            if error.__cause__ is not None:
                self._keep_error("".join(traceback.format_exception(error)))
            result = lane.unrun(event.task.source, Verdict.HARNESS_ERROR, str(error))
            result = replace(result, trace=str(path))
        return replace(result, environment=lane.environment.id, seconds=event.seconds)

    def _final(self, lane: Lane, result: Result) -> None:
        self._results[result.program, lane.number] = result
        self._sink.result(result, sum(len(lane.sources) for lane in self._lanes))

    def _keep_error(self, text: str) -> None:
        if text and self._options.keep_errors:
            with contextlib.suppress(PagelabError):
                self._sink.line(f"traceback: {self._folder.keep_error(text)}")

    def _wind_up(self) -> None:
        """Ends every guest and build; what had arrived by then is still judged."""
        self._backend.stop()
        deadline = time.monotonic() + _STOP_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        while not self._events.empty():
            event = self._events.get()
            if isinstance(event, Done) and not event.ending.verdict:
                owner = self._owner[event.session]
                if isinstance(owner, Lane) and not event.session.stop.is_set():
                    self._final(owner, self._judge(event, owner))
        for pending in list(self._pending):
            self._report(pending)
