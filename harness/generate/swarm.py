"""What a program is about: each draws its own part of the moves, and how often it makes them."""

from __future__ import annotations

from dataclasses import dataclass

from . import (  # noqa: F401  (they register their moves)
    moves_driver,
    moves_file,
    moves_gup,
    moves_memory,
    moves_process,
    moves_rare,
    moves_uffd,
    scenes,
)
from .draw import Draw
from .moves import MOVES, Do

# theme: how often it is drawn, beside the others.
THEMES = {
    "fork": 30,
    "gup": 30,
    "file": 25,
    "disk": 18,
    "remote": 16,
    "driver": 16,
    "frames": 16,
    "uffd": 16,
    "zap": 12,
    "swap": 12,
    "mpage": 10,
    "thp": 12,
    "hugetlb": 8,
    "lock": 10,
    "stack": 6,
    "around": 5,
    "secret": 5,
    "kernel": 5,
    "wait": 4,
    "exec": 3,
}
_NOT_TOGETHER = frozenset({"wait", "exec"})
_OPENED = 75  # of a hundred themes, how many begin with their scene
_FACTORS = (0, 1, 1, 2, 2, 2, 4)
_BAG = tuple(theme for theme, weight in THEMES.items() for _ in range(weight))
_SHARES = (0, 6, 12, 12, 20)  # of a hundred arguments, how many are wrong
_LENGTHS = (10, 16, 24, 24, 32, 32, 40, 60)


EVERY: tuple[Do, ...] = tuple(move.do for move in MOVES)


@dataclass(frozen=True, slots=True)
class Swarm:
    """One program's part.

    Attributes:
        themes: what it is about.
        bag: its moves, each as often as its weight says.
        openings: with which it begins.
        wrong: of a hundred arguments, how many are wrong on purpose.
        length: operations, about.
    """

    themes: frozenset[str]
    bag: tuple[Do, ...]
    openings: tuple[Do, ...]
    wrong: int
    length: int


def draw_swarm(draw: Draw) -> Swarm:
    """A program's part of the moves."""
    themes = {draw.pick(_BAG) for _ in range(draw.between(1, 4))}
    if themes >= _NOT_TOGETHER:
        themes.discard("wait")
    bag: list[Do] = []
    for move in MOVES:
        if not move.theme or move.theme in themes:
            bag.extend([move.do] * (-(-move.weight // 2) * draw.pick(_FACTORS) // 2))
    opened = [theme for theme in sorted(themes) if draw.chance(_OPENED)]
    openings = tuple(scenes.OPENINGS[theme] for theme in opened if theme in scenes.OPENINGS)
    return Swarm(frozenset(themes), tuple(bag), openings, draw.pick(_SHARES), draw.pick(_LENGTHS))
