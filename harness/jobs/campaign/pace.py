"""Does a guest grow slower? By its own processor time, so that a busy host makes no difference."""

from __future__ import annotations

import os
from pathlib import Path

_WINDOW = 0.5  # seconds of processor time between two looks
_LOOK = 16  # programs between two readings of the clock
_FACTOR = 4.0  # so much slower than usual is too slow
_TICK = os.sysconf("SC_CLK_TCK")


def processor_seconds(pid: int) -> float:
    """Processor time of a process; 0 where it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICK


class Pace:
    """Seconds an operation of one environment's guests, one guest after the other.

    Attributes:
        text: what is to be said of the last one that grew slow.
    """

    def __init__(self) -> None:
        self.text = ""
        self._usual = 0.0
        self._pid = 0
        self._since = 0.0
        self._operations = 0
        self._programs = 0
        self._slow = 0

    def begin(self, pid: int) -> None:
        """Another guest, whose QEMU this is; 0: nobody can say how long it works."""
        self._pid = pid
        self._since = processor_seconds(pid) if pid else 0.0
        self._operations = self._programs = self._slow = 0

    def slows(self, operations: int) -> bool:
        """A program of so many operations has ended: is the guest too slow, twice in a row?"""
        self._operations += operations
        self._programs += 1
        if not self._pid or self._programs % _LOOK:
            return False
        now = processor_seconds(self._pid)
        if now - self._since < _WINDOW or not self._operations:
            return False
        each = (now - self._since) / self._operations
        self._since, self._operations = now, 0
        self._usual = min(self._usual or each, each)
        self._slow = self._slow + 1 if each > _FACTOR * self._usual else 0
        if self._slow < 2:
            return False
        self.text = (
            f"a guest grew slow ({each * 1e6:.0f} µs an operation, {self._usual * 1e6:.0f} before)"
        )
        return True
