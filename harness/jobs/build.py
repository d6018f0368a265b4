"""Several kernels built side by side: how far all are, what failed, and what else went on."""

from __future__ import annotations

import os
import queue
import threading
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from .. import build, kbuild, proc
from ..build import Built
from ..cache import Cache
from ..errors import PagelabError
from ..plan import Order, missing
from ..progress import Progress
from .backend import disk_errors
from .session import unexpected

_LOOK_SECONDS = 1.0
_STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of an order."""

    order: Order
    built: Built | None = None
    error: PagelabError | None = None
    trace: str = ""


class _Whole:
    """How far all builds are together, in steps of make."""

    def __init__(self, expected: dict[Order, int], progress: Progress) -> None:
        self._lock = threading.Lock()
        self._expected = expected
        self._done = dict.fromkeys(expected, 0.0)
        self._progress = progress
        if len(expected) > 1:
            progress.step(f"building {len(expected)} kernels", kbuild.LINES_UNIT)

    def update(self, order: Order, done: float, total: float) -> None:
        """One of them is that far."""
        with self._lock:
            if order not in self._expected:
                return  # it was damaged, and nobody had foreseen that it is made
            # Its own share as it was foreseen: what it is made of now must not make all of it jump.
            self._done[order] = done / total * self._expected[order]
            if len(self._expected) > 1:
                whole = float(sum(self._expected.values()))
                self._progress.update(sum(self._done.values()), whole)


@dataclass(slots=True)
class _Heard:
    """A build's progress, of which the steps of make count for the whole."""

    order: Order
    inner: Progress
    whole: _Whole
    _unit: str = field(default="", init=False)

    def step(self, name: str, unit: str = "") -> None:
        """A step begins."""
        self._unit = unit
        self.inner.step(name, unit)

    def update(self, done: float, total: float | None) -> None:
        """So much of it is done."""
        self.inner.update(done, total)
        if self._unit == kbuild.LINES_UNIT and total:
            self.whole.update(self.order, done, total)

    def line(self, text: str) -> None:
        """Something worth a line."""
        self.inner.line(text)


def build_all(
    orders: Sequence[Order],
    cache: Cache,
    building: Callable[[str], AbstractContextManager[Progress]],
    whole: Progress,
) -> list[Ended]:
    """Builds as many at once as there are CPUs; one that fails does not end the others.

    Args:
        orders: what, in the order of the answer.
        cache: where to.
        building: gives the progress of one build, by its label.
        whole: hears how far all are.

    Raises:
        KeyboardInterrupt: after everything that was started has ended; what was made of a kernel
            that is not whole stays, and the next build goes on with it.
    """
    heard = _Whole(missing(orders, cache), whole)
    waiting = deque(orders)
    ended: queue.SimpleQueue[Ended] = queue.SimpleQueue()

    def work() -> None:
        while not proc.ending():
            try:
                order = waiting.popleft()
            except IndexError:
                return
            with building(order.label) as progress:
                ended.put(_build(order, cache, _Heard(order, progress, heard)))

    count = min(len(os.sched_getaffinity(0)), len(orders))
    threads = [threading.Thread(target=work, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            while thread.is_alive():
                thread.join(_LOOK_SECONDS)
    except KeyboardInterrupt:
        proc.end_all()
        for thread in threads:
            thread.join(_STOP_SECONDS)
        raise
    found = {}
    while not ended.empty():
        one = ended.get()
        found[one.order] = one
    return [found[order] for order in orders if order in found]


def _build(order: Order, cache: Cache, progress: Progress) -> Ended:
    try:
        with disk_errors(cache):
            built = build.build(
                order.kernel, order.arch, order.config, cache=cache, progress=progress
            )
    except PagelabError as error:
        return Ended(order, error=error)
    except Exception as unknown:
        return Ended(order, error=unexpected(unknown), trace=traceback.format_exc())
    return Ended(order, built)
