"""The serial console's line protocol: a reliable byte stream beside a kernel log.

Frames' bytes travel in chunks of at most 720, one ASCII line each:

    ~PL<d><seq: 8 hex><crc: 8 hex>:<base64>\\n    d: 'g' from the guest, 'h' from the host
    ~PA<d><seq: 8 hex><crc: 8 hex>\\n             answers every good line of direction d

The crc of a line is CRC-32 of d, the hex of seq and the base64 text; that of
an answer is CRC-32 of "A", d and the hex of seq. seq counts each direction
from 0. The sender keeps one line outstanding and sends it again until it is
answered; the receiver answers a repeated line and drops it. A line that the
kernel's log cut through has a wrong crc, is ignored, and comes again.

Pure: time is an argument, input and output are bytes. guest/line.h is the
other side.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib

CHUNK = 720  # bytes in one line; the line then fits a tty's buffer four times
RESENDS_MAX = 50
_RESEND_FIRST = 0.1  # seconds, at slowdown 1; doubled up to _RESEND_LONGEST
_RESEND_LONGEST = 0.4

_LINE = re.compile(rb"~PL([gh])([0-9a-f]{8})([0-9a-f]{8}):([A-Za-z0-9+/]*={0,2})")
_ANSWER = re.compile(rb"~PA([gh])([0-9a-f]{8})([0-9a-f]{8})")
MARK = b"~P"


class LineError(Exception):
    """The other side did not answer a line however often it was sent."""


def _crc(text: bytes) -> bytes:
    return b"%08x" % zlib.crc32(text)


def encode_line(direction: bytes, sequence: int, data: bytes) -> bytes:
    """One line that carries these bytes."""
    text = base64.b64encode(data)
    number = b"%08x" % sequence
    return b"~PL" + direction + number + _crc(direction + number + text) + b":" + text + b"\n"


def encode_answer(direction: bytes, sequence: int) -> bytes:
    """The answer to line ``sequence`` of ``direction``."""
    number = b"%08x" % sequence
    return b"~PA" + direction + number + _crc(b"A" + direction + number) + b"\n"


class LineLink:
    """One end of the protocol.

    Args:
        direction: b"h" on the host, b"g" on the guest (for tests).
        slowdown: stretches the time before a line is sent again.

    Attributes:
        heard: good lines and answers so far.
    """

    def __init__(self, direction: bytes = b"h", slowdown: float = 1.0) -> None:
        self.heard = 0
        self._mine = direction
        self._theirs = b"g" if direction == b"h" else b"h"
        self._slowdown = slowdown
        self._queue = bytearray()  # bytes not yet in a line
        self._out = bytearray()  # lines and answers ready to be written
        self._in = bytearray()
        self._line = b""  # the line that waits for its answer; b"": none
        self._sequence = 0  # of that line, or of the next one
        self._expected = 0  # of the other side's next line
        self._resends = 0
        self._due: float | None = None

    @property
    def queued(self) -> int:
        """Bytes given to send() that no line carries yet."""
        return len(self._queue)

    @property
    def idle(self) -> bool:
        """Everything that was sent was answered."""
        return not self._line and not self._queue

    @property
    def due(self) -> float | None:
        """When tick() must be called next; None: only after input."""
        return self._due

    def send(self, data: bytes, now: float) -> None:
        """Queues bytes for the other side."""
        self._queue += data
        self._next(now)

    def receive(self, line: bytes, now: float) -> None:
        """Takes one line of the console; what is not the protocol's is ignored."""
        for match in _LINE.finditer(line):
            direction, number, crc, text = match.groups()
            if direction == self._theirs and crc == _crc(direction + number + text):
                self._take(int(number, 16), text)
        for match in _ANSWER.finditer(line):
            direction, number, crc = match.groups()
            if direction == self._mine and crc == _crc(b"A" + direction + number):
                self._answered(int(number, 16), now)

    def tick(self, now: float) -> None:
        """Sends the outstanding line again when its time has come.

        Raises:
            LineError: it was sent RESENDS_MAX times in vain.
        """
        if self._due is None or now < self._due:
            return
        if self._resends == RESENDS_MAX:
            raise LineError(f"line {self._sequence} was not answered in {RESENDS_MAX} attempts")
        self._resends += 1
        self._write(now)

    def take_output(self) -> bytes:
        """Bytes to write to the console now."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def take_input(self) -> bytes:
        """Bytes that arrived, in order, each once."""
        data = bytes(self._in)
        self._in.clear()
        return data

    def _take(self, sequence: int, text: bytes) -> None:
        self.heard += 1
        if sequence > self._expected:
            return  # cannot be: one line is outstanding at a time
        if sequence == self._expected:
            try:
                self._in += base64.b64decode(text, validate=True)
            except binascii.Error:
                return
            self._expected += 1
        self._out += encode_answer(self._theirs, sequence)

    def _answered(self, sequence: int, now: float) -> None:
        self.heard += 1
        if self._line and sequence == self._sequence:
            self._line = b""
            self._sequence += 1
            self._due = None
            self._next(now)

    def _next(self, now: float) -> None:
        if self._line or not self._queue:
            return
        self._line = encode_line(self._mine, self._sequence, bytes(self._queue[:CHUNK]))
        del self._queue[:CHUNK]
        self._resends = 0
        self._write(now)

    def _write(self, now: float) -> None:
        # A newline first: what the kernel printed last may not have ended its line.
        self._out += b"\n" + self._line if self._resends else self._line
        wait = min(_RESEND_FIRST * 2**self._resends, _RESEND_LONGEST)
        self._due = now + wait * self._slowdown
