"""The registry of moves: each adds one call (or a few) to a program.

A move is drawn by its weight among those whose theme the program has. It says
False where it added nothing: there is nothing that it could be about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from .hand import Hand

Do: TypeAlias = Callable[[Hand], bool]


@dataclass(frozen=True, slots=True)
class Move:
    """One move.

    Attributes:
        calls: that it may add.
        theme: that a program needs for it; "": any has it.
        weight: how often it is drawn, beside the others.
    """

    do: Do
    calls: tuple[str, ...]
    theme: str
    weight: int


MOVES: list[Move] = []


def move(*calls: str, theme: str = "", weight: int = 10) -> Callable[[Do], Do]:
    """Register a move that may add these calls."""

    def register(do: Do) -> Do:
        MOVES.append(Move(do, calls, theme, weight))
        return do

    return register
