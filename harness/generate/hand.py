"""What the moves of the generator have in hand: chances, the program so far, and its swarm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ..model.registry import V_UFFD
from ..model.state import Vma
from ..program import ARENA_START, INITIAL, Ref, Symbols, Value
from ..signatures import CALLS
from .builder import Builder, given
from .draw import Draw

T = TypeVar("T")

PAGE = 4096
# Where bytes are read and written: few places, so that they meet, and both ends of a page.
_OFFSETS = (0, 0, 0, 0, 8, 100, 2048, 4088, 4092, 4095)
_WORDS = (b"a", b"bc", b"1234", b"a word ", b"8 bytes!", b"some more text", bytes(8), b"\xff" * 3)


def symbols(*names: str) -> Value:
    """Flags joined, or 0."""
    return Symbols(names) if names else 0


@dataclass
class Hand:
    """See the module's docstring.

    Attributes:
        themes: what the program is about.
        wrong: of a hundred arguments, how many are wrong on purpose.
        most_pages: of a mapping of small pages.
    """

    draw: Draw
    builder: Builder
    themes: frozenset[str] = frozenset()
    wrong: int = 12
    most_pages: int = 64

    # ---- chances ------------------------------------------------------------------

    def pick(self, *among: T) -> T:
        """One of them."""
        return self.draw.pick(among)

    def amiss(self) -> bool:
        """Is an argument to be wrong on purpose?"""
        return self.draw.chance(self.wrong)

    def flags(self, names: Sequence[str], most: int = 2, none: int = 40) -> Value:
        """Some flags joined; none so many times of a hundred."""
        if self.draw.chance(none):
            return 0
        return Symbols(self.draw.some(names, most))

    # ---- processes ----------------------------------------------------------------

    def actor(self) -> str | None:
        """Who makes a call; None: nobody can."""
        able = self.builder.able()
        if not able:
            return None
        if able[0] == INITIAL and self.draw.chance(50):
            return INITIAL
        return self.draw.pick(able)

    def target(self) -> Ref:
        """Whose memory a call is about: mostly somebody who lives."""
        replaced = self.builder.scope.replaced
        processes = self.builder.scope.processes
        known = [name for name, slot in processes.items() if slot not in replaced]
        alive = self.builder.alive()
        return Ref(self.draw.pick((known if self.amiss() else alive) or known or [INITIAL]))

    def slot(self, process: str) -> int:
        return self.builder.scope.processes[process]

    # ---- memory ---------------------------------------------------------------------

    def vmas(self, process: str, wanted: Callable[[Vma], bool] | None = None) -> list[Vma]:
        """A process's mappings."""
        mm = self.builder.state.mms.get(self.slot(process))
        found = mm.vmas if mm is not None else []
        return [vma for vma in found if wanted(vma)] if wanted else found

    def index(self, process: str, wanted: Callable[[Vma], bool] | None = None) -> int | None:
        """A page of the arena: mostly of one of the process's mappings. None: there is no arena."""
        draw, pages = self.draw, self.builder.pages
        if not self.builder.scope.mappings:
            return None
        found = self.vmas(process, wanted)
        if not found or draw.chance(self.wrong // 2):
            return draw.below(pages)
        vma = found[draw.below(len(found))]
        size = vma.end - vma.start
        how = draw.below(16)
        if how < 9:
            return vma.start + min(draw.below(3), size - 1)
        if how < 12:
            return vma.end - 1
        if how < 15:
            return vma.start + draw.below(size)
        return max(0, vma.start - 1) if how & draw.below(2) else min(vma.end, pages - 1)

    def offset(self) -> int:
        return self.draw.pick(_OFFSETS)

    def page(self, process: str, wanted: Callable[[Vma], bool] | None = None) -> Ref | None:
        """A page's beginning, or now and then a byte inside."""
        at = self.index(process, wanted)
        if at is None:
            return None
        return self.builder.place(at, 8 if self.draw.chance(3) else 0)

    def byte(self, process: str) -> Ref | None:
        """A byte somewhere in a page."""
        at = self.index(process)
        return None if at is None else self.builder.place(at, self.offset())

    def count(self, most: int = 6) -> int:
        """A number of pages: mostly few."""
        how = self.draw.below(20)
        if how == 0:
            return 0
        if how < 12:
            return 1 + how % 2
        if how < 18:
            return self.draw.between(1, most)
        return self.draw.between(1, 3 * most)

    def span(self, process: str) -> tuple[Ref, int | None] | None:
        """A place and pages=: a whole mapping, or some pages, whatever lies there."""
        mappings = self.builder.scope.mappings
        if not mappings:
            return None
        if self.draw.chance(35):
            return Ref(self.draw.pick(list(mappings))), None
        at = self.index(process)
        assert at is not None
        left = self.builder.pages - at
        found = next((vma for vma in self.vmas(process) if vma.start <= at < vma.end), None)
        if found is not None and self.draw.chance(30):
            left, count = min(left, found.end - at), found.end - at
        else:
            count = self.count()
        return self.builder.place(at, 8 if self.draw.chance(2) else 0), min(count, left)

    def data(self, most: int = 16) -> bytes:
        """Bytes to write."""
        how = self.draw.below(20)
        if how == 0:
            return bytes([65 + self.draw.below(26)]) * self.draw.between(1, 64 * most // 16)
        word = self.draw.pick(_WORDS)
        return word[:most]

    def length(self) -> int | None:
        """A number of bytes to read; None: not said."""
        return self.draw.pick((None, 1, 4, 8, 8, 8, 16, 100))

    # ---- files and held pages --------------------------------------------------------

    def file(self, process: str, *made: str) -> Ref | None:
        """A file that the process has open, made by one of these calls, if they are named."""
        builder = self.builder
        visible = builder.scope.visible[self.slot(process)]
        found = [
            name
            for name, slot in builder.scope.files.items()
            if slot in visible and (not made or builder.made[name] in made or self.draw.chance(5))
        ]
        return Ref(self.draw.pick(found)) if found else None

    def held(self, wanted: Callable[[str], bool] | None = None) -> str | None:
        """A held set: mostly one that has pages."""
        builder = self.builder
        held = builder.scope.held
        if not held:
            return None
        names = [name for name in held if wanted is None or wanted(name)] or list(held)
        if not self.amiss():
            state = builder.state.held
            full = [name for name in names if any(p is not None for p in state.get(held[name], ()))]
            names = full or names
        return self.draw.pick(names[-6:])

    def held_index(self, name: str) -> int:
        """A page of a held set, or one that it has not."""
        pages = self.builder.state.held.get(self.builder.scope.held[name], [])
        if not pages or self.draw.chance(self.wrong // 3):
            return self.draw.below(len(pages) + 2)
        return self.draw.below(len(pages))

    # ---- adding -----------------------------------------------------------------------

    def call(self, function: str, *args: Value, process: str, **named: Value | None) -> bool:
        """Add a call; where memory is a userfaultfd's it is begun, if it can be."""
        begin = CALLS[function].begins and (
            function == "wait_pid" or self.watched() or self.draw.chance(1)
        )
        if begin and "pending" in named and named["pending"] is not None:
            return False
        return self.builder.put(given(function, args, named), process, begin) is not None

    def new(self, function: str, *args: Value, process: str, **named: Value | None) -> Ref | None:
        """Add a call that makes something others can use: that; None: it was not added."""
        name = self.builder.put(given(function, args, named), process)
        return Ref(name) if name else None

    def watched(self) -> bool:
        """Is there memory that a userfaultfd is told of?"""
        return any(vma.flags & V_UFFD for mm in self.builder.state.mms.values() for vma in mm.vmas)

    def slot_first(self, name: str) -> int:
        """First page of a mapping in the arena."""
        return self.builder.scope.mappings[name][0]

    def address_of(self, place: Ref) -> int:
        """The address that a place is."""
        first, _ = self.builder.scope.mappings[place.name]
        return ARENA_START + (first + (place.index or 0)) * PAGE + place.offset
