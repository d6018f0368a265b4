"""Chances that follow from a seed alone: the same on every machine and Python."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence
from itertools import count
from typing import TypeVar

_WORDS = 1024
_BLOCK = struct.Struct(f"<{_WORDS}I")

T = TypeVar("T")


def _words(seed: bytes) -> Iterator[int]:
    """32-bit words without end: SHAKE-256 of the seed and a block's number."""
    for block in count():
        yield from _BLOCK.unpack(hashlib.shake_256(b"%s %d" % (seed, block)).digest(_BLOCK.size))


class Draw:
    """Chances one behind the other.

    Args:
        seed: all that they depend on.
    """

    __slots__ = ("_next",)

    def __init__(self, seed: bytes) -> None:
        self._next = _words(seed).__next__

    def below(self, end: int) -> int:
        """A number from 0 to below the end."""
        return self._next() * end >> 32

    def between(self, low: int, high: int) -> int:
        """A number from low to high, both included."""
        return low + (self._next() * (high - low + 1) >> 32)

    def chance(self, percent: int) -> bool:
        """True so many times of a hundred."""
        return self._next() * 100 >> 32 < percent

    def pick(self, among: Sequence[T]) -> T:
        """One of them; of those that stand there more than once more often."""
        return among[self._next() * len(among) >> 32]

    def some(self, among: Sequence[T], most: int) -> tuple[T, ...]:
        """One to so many of them, in their order, each once."""
        wanted = self.between(1, min(most, len(among)))
        left = list(range(len(among)))
        taken = sorted(left.pop(self.below(len(left))) for _ in range(wanted))
        return tuple(among[at] for at in taken)
