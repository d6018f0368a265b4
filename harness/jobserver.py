"""GNU make's jobserver, shared by all makes of this pagelab: one compiler a CPU in all.

Several kernels built side by side would each start a job a CPU; one after the other they would
leave CPUs idle wherever a build has only one thing to do (configuring, linking, packing). So
each make has one job of its own, and takes every other one from a pipe that all of them share.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
from collections.abc import Callable, Iterator


class JobServer:
    """Tokens: a make has one for its first job, and takes one for each that it starts beside it.

    Args:
        jobs: how many at once, in all.
    """

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self._lock = threading.Lock()
        self._makes = 0
        self._reading, self._writing = os.pipe()
        # It is the same pipe for all that read it: where another one was faster, a read must not
        # sleep. GNU make 4.3 makes it so itself.
        os.set_blocking(self._reading, False)
        os.write(self._writing, b"+" * jobs)

    @property
    def fds(self) -> tuple[int, int]:
        """What a make has to be given, under these numbers."""
        return self._reading, self._writing

    @property
    def makeflags(self) -> str:
        """What a make has to find in MAKEFLAGS."""
        return f" -j{self.jobs} --jobserver-auth={self._reading},{self._writing}"

    @contextlib.contextmanager
    def seat(self, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Room for a make and its first job; calls `waiting` if others have all CPUs."""
        if not self._sit():
            waiting()
            poller = select.poll()
            poller.register(self._reading, select.POLLIN)
            while not self._sit():
                poller.poll()
        try:
            yield
        finally:
            with self._lock:
                self._makes -= 1
                if not self._makes:
                    # Makes that were killed did not give back what they had.
                    self._drain()
                os.write(self._writing, b"+" * (1 if self._makes else self.jobs))

    def _sit(self) -> bool:
        with self._lock, contextlib.suppress(BlockingIOError):
            os.read(self._reading, 1)
            self._makes += 1
            return True
        return False

    def _drain(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while os.read(self._reading, self.jobs):
                pass


_server: JobServer | None = None
_lock = threading.Lock()


def server() -> JobServer:
    """The one of this process, for the CPUs that it may use."""
    global _server  # noqa: PLW0603 - a pipe is made at the first build, not at import
    with _lock:
        if _server is None:
            _server = JobServer(len(os.sched_getaffinity(0)))
        return _server
