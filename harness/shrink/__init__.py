"""Making a program smaller as long as it goes on showing something.

Whoever asks says by a callback which of several candidates show it, so that one guest, or
several, can judge many at once. What comes out is one-minimal: without any one of its lines
(and what depends on that) it shows it no more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..program import Program
from .cut import Cut, cuts, plain, together
from .edit import edits, merged

__all__ = ["Shows", "shrink"]

# Which of these show it? The answer may end behind the first that does, as where a guest dies of
# showing it; those behind were not looked at.
Shows = Callable[[Sequence[Program]], Sequence[bool]]


def shrink(program: Program, shows: Shows) -> Program:
    """The smallest program found that shows what this one does.

    Args:
        program: shows it.
        shows: says of candidates, all of them valid programs, whether they do; the same answer
            for the same program.

    Returns:
        A program without comments, of which no single line can go; a number, flag, string or
        name of a process that can be simpler is.
    """
    current = plain(program)
    size = len(current.lines) // 2
    while size > 1:
        current = _cut(current, size, shows)
        size //= 2
    while True:
        smaller = _cut(current, 1, shows)
        simpler = _edit(smaller, shows)
        if simpler == current:
            return current
        current = simpler


def _cut(program: Program, size: int, shows: Shows) -> Program:
    """Without as many pieces of so many lines as can go."""
    while True:
        found = cuts(program, size)
        good = [
            cut for cut, yes in zip(found, shows([c.program for c in found]), strict=False) if yes
        ]
        if not good:
            return program
        program = _most(program, good, shows)


def _most(program: Program, good: Sequence[Cut], shows: Shows) -> Program:
    """Several cuts that can each be made: as many of them together as can be found quickly."""
    while len(good) > 1:
        both = together(program, good)
        if both is not None and any(shows([both])):
            return both
        good = sorted(good, key=lambda cut: len(cut.program.lines))[: len(good) // 2]
    return good[0].program


def _edit(program: Program, shows: Shows) -> Program:
    """With arguments as simple as they can be."""
    while True:
        found = edits(program)
        answers = shows([edit.program for edit in found])
        good = [edit for edit, yes in zip(found, answers, strict=False) if yes]
        if not good:
            return program
        all_at_once = merged(program, good)
        if all_at_once is not None and any(shows([all_at_once])):
            program = all_at_once
        else:
            program = good[0].program
