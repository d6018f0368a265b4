"""A guest's console: a stream of bytes becomes lines, faults and a tail.

Pure and incremental; memory is bounded whatever the guest prints. Where the
console is the channel too, the channel's own lines (harness/line.py) are kept
out of what people read, also where the kernel's log cut through them.
"""

from __future__ import annotations

import re
from collections import deque

from .klog import FATAL, Fault, FaultScanner

TAIL_LINES = 60
_LINE_MAX = 4096
_SHOWN_MAX = 300
READY = "pagelab: ready "

_STAMP = re.compile(rb"\[ *\d+\.\d{6}\] ?")
_BASE64_REST = re.compile(rb"[A-Za-z0-9+/:]*={0,2}")
_MARK = b"~P"
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[^\x20-\x7e\xa0-\U0010ffff\t]")


class Console:
    """Follows one guest's console.

    Attributes:
        ready: channels that init announced ("pagelab: ready ssh").
    """

    def __init__(self) -> None:
        self.ready: set[str] = set()
        self._scanner = FaultScanner()
        self._partial = bytearray()
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._cut = False  # the last line cut through one of the channel's

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What the kernel reported of itself so far."""
        return tuple(self._scanner.faults)

    @property
    def fatal(self) -> Fault | None:
        """The first fault after which this guest runs nothing more."""
        return next((fault for fault in self._scanner.faults if fault.kind in FATAL), None)

    @property
    def tail(self) -> str:
        """The last lines, for a message; the unfinished one too."""
        lines = list(self._tail)
        if self._partial:
            lines += [text for text in _clean(bytes(self._partial)) if _MARK.decode() not in text]
        return "\n".join(lines[-TAIL_LINES:])

    def feed(self, data: bytes) -> list[bytes]:
        """Takes what arrived.

        Returns:
            The whole lines among it, raw and without their ends, for a channel
            that lives on the console.
        """
        self._partial += data
        *lines, rest = self._partial.split(b"\n")
        while len(rest) > _LINE_MAX:
            lines.append(rest[:_LINE_MAX])
            rest = rest[_LINE_MAX:]
        self._partial = rest
        whole = [bytes(line) for line in lines]
        for line in whole:
            self._line(line)
        return whole

    def _line(self, raw: bytes) -> None:
        for part in self._without_channel(raw.strip(b"\r")):
            for text in _clean(part):
                self._tail.append(text[:_SHOWN_MAX])
                self._scanner.feed(text)
                if text.startswith(READY):
                    self.ready.add(text.removeprefix(READY).strip())

    def _without_channel(self, raw: bytes) -> list[bytes]:
        """The line without the channel's parts: what the kernel or init printed of it."""
        was_cut, self._cut = self._cut, False
        if was_cut and _BASE64_REST.fullmatch(raw):
            return []  # the end of a line that the log cut in two
        mark = raw.find(_MARK)
        if mark < 0:
            return [raw]
        stamp = _STAMP.search(raw, mark)
        parts = [raw[:mark]]
        if stamp is not None:
            self._cut = True
            again = raw.find(_MARK, stamp.start())
            parts.append(raw[stamp.start() : again if again >= 0 else len(raw)])
        return [part for part in parts if part.strip()]


def _clean(raw: bytes) -> list[str]:
    """Printable text of one line, as a list of none or one."""
    text = _CONTROL.sub("", raw.decode("utf-8", "replace")).rstrip()
    return [text] if text else []
