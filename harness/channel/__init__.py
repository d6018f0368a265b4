"""Channels: how frames travel between host and guest.

Each channel, in the end, is a connected stream socket on this side: the
virtio port is one, the serial and ssh channels have threads that carry bytes
between one and the real thing. So waiting is the same for all of them.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import time
from collections import deque

from .. import abi
from ..wire import Decoder, Encoder, Frame

_READ = 256 << 10


class ChannelClosedError(Exception):
    """The other end is gone; nothing more comes."""


class Channel:
    """Frames over a connected stream socket, which it owns and makes non-blocking.

    Attributes:
        error: why the channel closed by itself, where a thread behind it knows; else "".
    """

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.error = ""
        self._received = 0
        self._sock = sock
        self._encoder = Encoder()
        self._decoder = Decoder()
        self._out: deque[memoryview] = deque()
        self._frames: deque[Frame] = deque()

    def fileno(self) -> int:
        return self._sock.fileno()

    @property
    def activity(self) -> int:
        """Grows whenever the guest says anything."""
        return self._received

    @property
    def wants_write(self) -> bool:
        """Something waits for room in the socket: call flush() when there is."""
        return bool(self._out)

    def send(self, kind: abi.FrameType, payload: bytes) -> None:
        """Queues one frame and sends what fits now; never blocks.

        Raises:
            ChannelClosedError: the guest's side is gone.
        """
        self._out.append(memoryview(self._encoder.encode(kind, payload)))
        self.flush()

    def flush(self) -> None:
        """Sends of the queue what fits now.

        Raises:
            ChannelClosedError: the guest's side is gone.
        """
        try:
            while self._out:
                sent = self._sock.send(self._out[0])
                if sent < len(self._out[0]):
                    self._out[0] = self._out[0][sent:]
                else:
                    self._out.popleft()
        except BlockingIOError:
            return
        except OSError as error:
            # Frames that the guest sent before it ended can still be read.
            self._out.clear()
            raise ChannelClosedError(str(error)) from None

    def pump(self) -> list[Frame]:
        """The frames that one read of what has arrived completes; never blocks.

        Raises:
            ChannelClosedError: the other end is gone and everything was read.
            WireError: the guest broke the protocol.
        """
        try:
            data = self._sock.recv(_READ)
        except BlockingIOError:
            return []
        except OSError as error:
            raise ChannelClosedError(str(error)) from None
        if not data:
            raise ChannelClosedError("end of stream")
        self._received += len(data)
        return self._decoder.feed(data)

    def receive(self, timeout: float) -> Frame:
        """Waits for one frame.

        Args:
            timeout: seconds.

        Raises:
            TimeoutError: none came.
            ChannelClosedError, WireError: as pump().
        """
        deadline = time.monotonic() + timeout
        with selectors.DefaultSelector() as selector:
            selector.register(self._sock, selectors.EVENT_READ)
            while not self._frames:
                events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._out else 0)
                selector.modify(self._sock, events)
                left = deadline - time.monotonic()
                if left <= 0 or not selector.select(left):
                    raise TimeoutError(f"no frame within {timeout:g} s")
                self.flush()
                self._frames.extend(self.pump())
        return self._frames.popleft()

    def close(self) -> None:
        """Closes this side; the threads behind it, if any, end."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()
