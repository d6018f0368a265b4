"""Which page of one side is which of the other.

Each side has pages of its own; two that are first met in the same place are the same page
from then on. Slots of swap are negative numbers.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..check.compare import page_name
from ..model import State
from ..model.state import ROM_PAGE, ZERO_PAGE


def _fixed(page: int) -> bool:
    """It is the same on every kernel: the zero page, a page of a device or of the ROM."""
    return page == ZERO_PAGE or page >= ROM_PAGE


class Twins:
    """Pairs of pages. Each pair, and each page without a twin, gets a number when it is named."""

    def __init__(self, same: Iterable[int] = ()) -> None:
        self._other = {page: page for page in same}
        self._one = dict(self._other)
        self._numbers: dict[tuple[bool, int], int] = {}

    def match(self, one: int, other: int) -> bool:
        """Are they the same page? Two strangers become one."""
        if _fixed(one) or _fixed(other):
            return one == other
        if one in self._other or other in self._one:
            return self._other.get(one) == other
        self._other[one], self._one[other] = other, one
        return True

    def twin(self, one: int) -> int | None:
        """The second side's page for one of the first's."""
        return one if _fixed(one) else self._other.get(one)

    def changed(self, one: State, other: State) -> set[tuple[int, int]]:
        """The pairs of which either changed."""
        mine, yours = self._other, self._one
        found = {(page, mine[page]) for page in (*one.own, *one.freed) if page in mine}
        found |= {(yours[page], page) for page in (*other.own, *other.freed) if page in yours}
        fixed = {page for page in (*one.own, *other.own) if _fixed(page)}
        return found | {(page, page) for page in fixed}

    def of_other(self, page: int) -> tuple[int, int]:
        """The pair of a page of the second side that has a twin."""
        return (page if _fixed(page) else self._one[page]), page

    def name_of_one(self, page: int) -> str:
        """How a page of the first side is called."""
        return self._name(page, first=True)

    def name_of_other(self, page: int) -> str:
        """How a page of the second side is called."""
        twin = self._one.get(page)
        return self._name(page, first=False) if twin is None else self._name(twin, first=True)

    def _name(self, page: int, *, first: bool) -> str:
        if _fixed(page):
            return page_name(page)
        number = self._numbers.setdefault((first, page), len(self._numbers) + 1)
        return page_name(number if page > 0 else -number)
