"""Ctrl-C and its like: the first asks for an orderly end, the third no longer waits for it."""

from __future__ import annotations

import os
import signal
from types import FrameType

from .verdict import INTERRUPTED

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PATIENCE = 2


class Interrupts:
    """How often somebody asked for an end; the first time is raised as KeyboardInterrupt.

    Attributes:
        count: signals so far.
        held: they are counted only: results are being written.
    """

    def __init__(self) -> None:
        self.count = 0
        self.held = False

    def install(self) -> None:
        """Takes the signals that people and CI end a job with.

        The installed command starts with them blocked (tools/setup.sh), since an interpreter
        that is still starting answers Ctrl-C with a traceback. One that came meanwhile is
        counted here, and raised as KeyboardInterrupt like any other.
        """
        for number in SIGNALS:
            signal.signal(number, self._on_signal)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if self.count > _PATIENCE:
            os._exit(INTERRUPTED)
        if self.count == 1 and not self.held:
            raise KeyboardInterrupt


interrupts = Interrupts()
