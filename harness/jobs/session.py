"""One guest's life, in a thread of its own: boot, feed programs, say what became of them.

A session decides nothing. It pulls programs, puts events into a queue, and
ends; the run reads the events and decides what comes next.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from ..environment import Environment
from ..errors import HarnessError, PagelabError
from ..guest import Request, Result
from ..trace import Ending
from .programs import Source


class Guest(Protocol):
    """A booted guest (harness.guest.Guest)."""

    @property
    def environment(self) -> Environment: ...

    @property
    def usable(self) -> bool: ...

    @property
    def pid(self) -> int: ...

    def run(self, requests: Iterator[Request | None]) -> Iterator[Result]: ...


@dataclass(frozen=True, slots=True)
class Task:
    """One program to run, and where its trace goes."""

    source: Source
    trace: Path


@dataclass(eq=False, slots=True)
class Session:
    """What one guest is for, and what it was given so far.

    Attributes:
        boot: boots the guest; takes the console log's path.
        take: the next program, None when there is none (called in the session's thread).
        console: console log.
        observe: "each" or "end".
        stream: one result frame an operation, so that a fault's operation is exact.
        purpose: "" for a first run, else what a rerun is called.
        handed: everything that `take` gave, in order.
        done: how many of those ended, well or not; they end in order.
        finished: how many ended well.
        stop: set to take no more; the guest is not to be trusted.
    """

    boot: Callable[[Path], AbstractContextManager[Guest]]
    take: Callable[[], Task | None]
    console: Path
    observe: Literal["each", "end"] = "each"
    stream: bool = False
    purpose: str = ""
    handed: list[Task] = field(default_factory=list)
    done: int = 0
    finished: int = 0
    stop: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class Booted:
    """The guest said hello."""

    session: Session
    environment: Environment


@dataclass(frozen=True, slots=True)
class Done:
    """One program ended, well or not; its trace is complete on disk.

    Attributes:
        seconds: since the guest's last result.
    """

    session: Session
    task: Task
    ending: Ending
    seconds: float


@dataclass(frozen=True, slots=True)
class Over:
    """The guest is gone.

    Attributes:
        error: why, where it was not for want of programs or a program's ending.
        trace: traceback of an error that nobody expected, else "".
    """

    session: Session
    error: PagelabError | None
    traceback: str = ""


Event: TypeAlias = Booted | Done | Over


class Events(Protocol):
    """Where events go: a queue that may carry others too."""

    def put(self, event: Event, /) -> None: ...


def start(session: Session, events: Events) -> threading.Thread:
    """Runs a session in a daemon thread; its last event is an Over, always."""
    thread = threading.Thread(target=_live, args=(session, events), daemon=True)
    thread.start()
    return thread


def _live(session: Session, events: Events) -> None:
    error: PagelabError | None = None
    trace = ""
    try:
        with session.boot(session.console) as guest:
            events.put(Booted(session, guest.environment))
            _feed(session, guest, events)
    except PagelabError as known:
        error = known
    except Exception as unknown:
        error = unexpected(unknown)
        trace = traceback.format_exc()
    events.put(Over(session, error, trace))


def unexpected(error: BaseException) -> HarnessError:
    """An exception that nobody caught, as the one line that a user sees."""
    return HarnessError(f"internal error: {type(error).__name__}: {error}")


def _feed(session: Session, guest: Guest, events: Events) -> None:
    def requests() -> Iterator[Request | None]:
        while not session.stop.is_set() and (task := session.take()) is not None:
            session.handed.append(task)
            yield Request(
                program=task.source.name,
                text=task.source.text,
                compiled=task.source.compiled,
                observe=session.observe,
                stream=session.stream,
                trace=task.trace,
            )

    since = time.monotonic()
    for result in guest.run(requests()):
        now = time.monotonic()
        task = session.handed[session.done]
        session.done += 1
        session.finished += not result.ending.verdict
        events.put(Done(session, task, result.ending, now - since))
        since = now
