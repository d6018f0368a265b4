"""Frames in acknowledged lines on the console, beside the kernel's log.

For a guest that has nothing but a console. pexpect carries the console; the
protocol is harness/line.py's.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable
from typing import cast

import pexpect
from pexpect.socket_pexpect import SocketSpawn

from ..line import LineError, LineLink
from . import Channel

_READ = 1 << 16
_HELD_MAX = 1 << 20  # bytes for this side; with more the guest's next line waits
_QUEUED_MAX = 1 << 16  # bytes for the guest that are not in a line yet


class SerialChannel(Channel):
    """Frames over the console's socket; a thread speaks the line protocol.

    Args:
        console: the console's socket; read by this channel alone.
        feed: takes everything that the console says, gives its whole lines.
        ended: called once, when nothing more will come.
        slowdown: stretches the time after which a line is sent again.
    """

    def __init__(
        self,
        console: socket.socket,
        feed: Callable[[bytes], list[bytes]],
        ended: Callable[[], None],
        slowdown: float = 1.0,
    ) -> None:
        ours, self._inner = socket.socketpair()
        super().__init__(ours)
        self._inner.setblocking(False)
        self._spawn = SocketSpawn(console, timeout=1)
        self._console = console
        self._feed = feed
        self._ended = ended
        self._link = LineLink(slowdown=slowdown)
        self._held = bytearray()
        self._thread = threading.Thread(target=self._run, name="serial", daemon=True)
        self._thread.start()

    @property
    def activity(self) -> int:
        """Answers count too: a long program takes the guest a while to read."""
        return super().activity + self._link.heard

    def close(self) -> None:
        super().close()
        with contextlib.suppress(OSError):
            self._console.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def _run(self) -> None:
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(self._console, selectors.EVENT_READ)
                selector.register(self._inner, selectors.EVENT_READ)
                while True:
                    self._round(selector)
        except (pexpect.EOF, OSError):
            pass
        except LineError as error:
            self.error = f"serial channel: {error}"
        finally:
            self._hand_over(last=True)
            self._inner.close()
            self._ended()

    def _round(self, selector: selectors.BaseSelector) -> None:
        """Waits for something to do and does it."""
        _interest(selector, self._console, read=len(self._held) < _HELD_MAX)
        room = self._link.queued < _QUEUED_MAX
        _interest(selector, self._inner, read=room, write=bool(self._held))
        due = self._link.due
        wait = None if due is None else max(0.0, due - time.monotonic())
        ready = {key.fileobj: events for key, events in selector.select(wait)}
        now = time.monotonic()
        if self._console in ready:
            # Bytes, as the spawn has no encoding; its stub knows only text.
            for line in self._feed(cast(bytes, self._spawn.read_nonblocking(_READ))):
                self._link.receive(line, now)
            self._held += self._link.take_input()
        if ready.get(self._inner, 0) & selectors.EVENT_READ:
            data = self._inner.recv(_READ)
            if not data:
                raise pexpect.EOF("closed")
            self._link.send(data, now)
        self._link.tick(now)
        if output := self._link.take_output():
            self._spawn.send(output)
        self._hand_over()

    def _hand_over(self, *, last: bool = False) -> None:
        """Gives this side what came for it, as far as there is room.

        Args:
            last: the console has ended; waits for room instead, a little.
        """
        if last:
            self._inner.settimeout(1.0)
        with contextlib.suppress(BlockingIOError, TimeoutError, OSError):
            while self._held:
                del self._held[: self._inner.send(self._held)]


def _interest(
    selector: selectors.BaseSelector, sock: socket.socket, *, read: bool, write: bool = False
) -> None:
    """Watches the socket for these; not at all when for neither."""
    events = (selectors.EVENT_READ if read else 0) | (selectors.EVENT_WRITE if write else 0)
    watched = sock in selector.get_map()
    if events and watched:
        selector.modify(sock, events)
    elif events:
        selector.register(sock, events)
    elif watched:
        selector.unregister(sock)
