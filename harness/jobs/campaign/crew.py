"""The workers of a campaign: started, listened to, and started again where one dies."""

from __future__ import annotations

import os
import selectors
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ... import proc
from ...errors import HarnessError
from ..backend import Backend
from .messages import Corpora, Failed, Inquire, Link, Start, Work
from .plan import Chunk
from .values import Sighting

AHEAD = 2  # chunks that a worker has: one under way, and the next
_DEATHS_MAX = 3  # workers in a row that die before they have done anything


@dataclass(eq=False, slots=True)
class Member:
    """One worker.

    Attributes:
        chunks: that it was given and has not done, by their start.
        inquiry: the sighting that it looks into.
        corpora: batches whose corpora it was told.
    """

    number: int
    link: Link
    process: proc.Process
    chunks: dict[int, Chunk] = field(default_factory=dict)
    inquiry: Sighting | None = None
    corpora: set[int] = field(default_factory=set)

    @property
    def idle(self) -> bool:
        """It has nothing to do."""
        return not self.chunks and self.inquiry is None

    @property
    def wants(self) -> bool:
        """It may be given one more chunk."""
        return self.inquiry is None and len(self.chunks) < AHEAD

    def work(self, chunk: Chunk, corpora: Callable[[int], Corpora]) -> None:
        """Gives it a chunk, and the corpus that it needs."""
        if chunk.batch not in self.corpora:
            self.corpora.add(chunk.batch)
            self.link.send(corpora(chunk.batch))
        self.chunks[chunk.start] = chunk
        self.link.send(Work(chunk))

    def inquire(self, sighting: Sighting) -> None:
        """Has it look into something."""
        self.inquiry = sighting
        self.link.send(Inquire(sighting))


class Crew:
    """All workers.

    Args:
        start: the first word to a worker, by its number.
    """

    def __init__(self, start: Callable[[int], Start]) -> None:
        self.members: list[Member] = []
        self._start = start
        self._selector = selectors.DefaultSelector()
        self._numbers = 0
        self._deaths = 0

    def hire(self) -> None:
        """Starts one more worker."""
        ours, theirs = socket.socketpair()
        self._numbers += 1
        with theirs:
            process = proc.spawn(
                [sys.executable, "-m", "harness.jobs.campaign.worker", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stderr=sys.stderr.fileno() if _has_stderr() else None,
                env=_environment(),
            )
        member = Member(self._numbers, Link(ours, patient=True), process)
        self.members.append(member)
        self._selector.register(member.link, selectors.EVENT_READ, member)
        member.link.send(self._start(member.number))

    def listen(self, seconds: float) -> Iterator[tuple[Member, Any]]:
        """What the workers say, and which of them are gone (None), within that time."""
        for member in self.members:
            events = selectors.EVENT_READ
            if member.link.wants_write:
                events |= selectors.EVENT_WRITE
            self._selector.modify(member.link, events, member)
        for key, events in self._selector.select(seconds):
            member = key.data
            if events & selectors.EVENT_WRITE:
                member.link.flush()
            while (message := member.link.poll()) is not None:
                if isinstance(message, Failed):
                    raise failed(message)
                yield member, message
            if member.link.ended:
                yield member, None

    def bury(self, member: Member) -> None:
        """A worker is gone, without a word.

        Raises:
            HarnessError: as several before it, none of which had done anything.
        """
        self._deaths += 1
        status = member.process.wait(1.0)
        self._dismiss(member)
        if self._deaths >= _DEATHS_MAX:
            raise HarnessError(
                f"{self._deaths} workers in a row ended without a word (status {status}): "
                "is there too little memory? -j 1 needs less"
            )

    def praise(self) -> None:
        """A worker has done something."""
        self._deaths = 0

    def _dismiss(self, member: Member) -> None:
        self.members.remove(member)
        self._selector.unregister(member.link)
        member.link.close()
        member.process.close()

    def close(self) -> None:
        """Ends all of them, and their guests."""
        for member in list(self.members):
            self._dismiss(member)
        self._selector.close()


class WorkerError(HarnessError):
    """A worker ended with an error.

    Attributes:
        traceback: of one that nobody expected, else "".
    """

    def __init__(self, text: str, traceback: str) -> None:
        super().__init__(text)
        self.traceback = traceback


def failed(message: Failed) -> WorkerError:
    """What a worker ended with."""
    error = WorkerError(message.text, message.traceback)
    error.exit_code = message.code
    return error


def _environment() -> dict[str, str]:
    """What a worker needs of ours: the same modules and the same cache."""
    kept = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    if cache := os.environ.get("PAGELAB_CACHE"):
        kept["PAGELAB_CACHE"] = cache
    return kept


def _has_stderr() -> bool:
    try:
        return sys.stderr.fileno() >= 0
    except (OSError, ValueError, AttributeError):
        return False


def start_of(backend: Backend, **told: Any) -> Callable[[int], Start]:
    """What every worker is told first."""
    return lambda number: Start(backend=backend, number=number, **told)
