"""What a campaign and its workers say to each other: pickled values over a socket.

Both ends are the same program of the same version, started by it: nothing here is untrusted.
"""

from __future__ import annotations

import contextlib
import pickle
import socket
import struct
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ...arch import Arch
from ...environment import Environment
from ...generate import Corpus
from ...generate.corpus import Kept
from ..backend import Backend, Choice
from .plan import Chunk
from .values import Settled, Sighting, Tally

_HEAD = struct.Struct("<I")
_READ = 1 << 18


@dataclass(frozen=True, slots=True)
class Place:
    """One environment, as it was asked for."""

    kernel: str
    arch: Arch
    choice: Choice


# ---- to a worker ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Start:
    """The first word.

    Attributes:
        console: folder for the guests' console logs.
        number: the worker's.
    """

    backend: Backend
    places: tuple[Place, ...]
    seed: int
    console: Path
    number: int
    observe: Literal["each", "end"] = "each"


@dataclass(frozen=True, slots=True)
class Corpora:
    """The corpus of a batch; said before the first chunk of it."""

    batch: int
    corpus: Corpus


@dataclass(frozen=True, slots=True)
class Work:
    """Programs to make, run and check."""

    chunk: Chunk


@dataclass(frozen=True, slots=True)
class Inquire:
    """A sighting to look into."""

    sighting: Sighting


# ---- from a worker ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Booted:
    """A guest of an environment said hello, for the first time here."""

    place: int
    environment: Environment


@dataclass(frozen=True, slots=True)
class Made:
    """A chunk's programs are generated."""

    chunk: Chunk
    programs: tuple[Kept, ...]


@dataclass(frozen=True, slots=True)
class Ran:
    """A chunk's programs are run and checked.

    Attributes:
        causes: of what did not pass and was not sent as a sighting, how often.
    """

    chunk: Chunk
    tally: Tally
    causes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Saw:
    """Something did not pass."""

    sighting: Sighting


@dataclass(frozen=True, slots=True)
class Lost:
    """A guest ended before it should.

    Attributes:
        finished: how many programs it had passed.
        verdict: the verdict's name.
    """

    place: int
    finished: int
    verdict: str
    text: str


@dataclass(frozen=True, slots=True)
class GaveUp:
    """An environment takes no more programs: guest after guest was lost.

    Attributes:
        why: begins with a verdict and a colon.
    """

    place: int
    why: str


@dataclass(frozen=True, slots=True)
class Looked:
    """A sighting was looked into."""

    settled: Settled


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the user should know."""

    text: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The worker ends.

    Attributes:
        code: the exit code that the error stands for.
    """

    text: str
    code: int
    traceback: str = ""


class Link:
    """One end of the connection.

    Args:
        sock: owned from now on.
        patient: what is sent waits here until flush() finds room for it, so that two ends that
            both send much never wait for each other; else send() waits.

    Attributes:
        ended: the other side is gone.
    """

    def __init__(self, sock: socket.socket, *, patient: bool = False) -> None:
        self._sock = sock
        self._patient = patient
        self._buffer = bytearray()
        self._out = bytearray()
        self._ready: deque[Any] = deque()
        self.ended = False

    def fileno(self) -> int:
        """Readable when the other side spoke or is gone."""
        return self._sock.fileno()

    @property
    def wants_write(self) -> bool:
        """Something waits for flush()."""
        return bool(self._out)

    def send(self, message: object) -> None:
        """Says something; nobody may be listening any more, which is noticed where one reads."""
        data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        self._out += _HEAD.pack(len(data)) + data
        self.flush()

    def flush(self) -> None:
        """Sends what there is room for; all of it, if not patient."""
        flags = socket.MSG_DONTWAIT if self._patient else 0
        try:
            while self._out:
                del self._out[: self._sock.send(self._out, flags)]
        except BlockingIOError:
            return
        except OSError:
            self._out.clear()
            self.ended = True

    def poll(self) -> Any:
        """What the other side said next; None where it is silent. Never blocks."""
        while not self._ready and not self.ended:
            try:
                data = self._sock.recv(_READ, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return None
            except OSError:
                data = b""
            self._take(data)
        return self._ready.popleft() if self._ready else None

    def wait(self) -> Any:
        """The same, but waits; None where the other side is gone."""
        while not self._ready and not self.ended:
            try:
                data = self._sock.recv(_READ)
            except OSError:
                data = b""
            self._take(data)
        return self._ready.popleft() if self._ready else None

    def _take(self, data: bytes) -> None:
        if not data:
            self.ended = True
            return
        self._buffer += data
        while len(self._buffer) >= _HEAD.size:
            (length,) = _HEAD.unpack_from(self._buffer)
            end = _HEAD.size + length
            if len(self._buffer) < end:
                return
            self._ready.append(pickle.loads(bytes(self._buffer[_HEAD.size : end])))
            del self._buffer[:end]

    def close(self) -> None:
        """Closes this end; whoever waits at the other one hears of it."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()
