"""Where the mappings of a program in the making lie.

A later mapping must not move an earlier one, or all that was stepped behind
that would be of another program: so only the last group of mappings grows.
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import abi
from ..binding import Arguments
from ..calls import wants_alignment
from ..layout import place_groups
from ..program import Ref


@dataclass(frozen=True, slots=True)
class Ground:
    """What is built on so far.

    Attributes:
        sizes: pages of each group of mappings.
        aligned: numbers of the groups that begin where a page table begins.
        starts: first page of each group in the arena.
        pages: of the arena, guard pages included.
        last: name of the mapping that nothing lies behind.
    """

    sizes: tuple[int, ...] = ()
    aligned: frozenset[int] = frozenset()
    starts: tuple[int, ...] = ()
    pages: int = 1
    last: str = ""

    def with_mapping(self, name: str, arguments: Arguments) -> tuple[Ground, int] | None:
        """The ground with one more mapping, and where that begins; None: it cannot lie there.

        Raises:
            Mistake: arguments that are none.
        """
        pages = arguments.number("pages", 1, abi.ARENA_PAGES_MAX)
        sizes, aligned = list(self.sizes), self.aligned
        behind = arguments.values.get("adjacent_to")
        if isinstance(behind, Ref):
            if behind.name != self.last:
                return None
            within = sizes[-1]
            sizes[-1] += pages
        else:
            within = 0
            sizes.append(pages)
            if wants_alignment(arguments):
                aligned |= {len(self.sizes)}
        starts, arena = place_groups(sizes, aligned)
        if tuple(starts[: len(self.starts)]) != self.starts:
            return None
        ground = Ground(tuple(sizes), aligned, tuple(starts), arena, name)
        return ground, starts[-1] + within
