"""Swap of the state: slots of the area, and pages that are in the swap cache.

A slot is kept while page-table entries or a file refer to it, or a page is
cached for it. Snapshots name it by the entries and files that do.
"""

from __future__ import annotations

from typing import NamedTuple

from .content import Content
from .files import Files
from .pages import G_SWAPCACHE


class Slot(NamedTuple):
    """One slot of the swap area.

    Attributes:
        entries: page-table entries, and a file, that refer to it (swap_map).
        page: in the swap cache; 0: none.
        content: what was written there.
    """

    entries: int
    page: int
    content: Content


class Swap(Files):
    """The part of a state that has what is swapped.

    Attributes:
        swapping: there is a swap area to swap to.
        swap: its slots that are in use, by number. A slot that goes is one of
            ``freed``, as a negative number.
    """

    __slots__ = ("swap", "swapping")

    def __init__(self) -> None:
        super().__init__()
        self.swapping = False
        self.swap: dict[int, Slot] = {}

    def _copy_swap(self, other: Swap) -> None:
        """Make this another's swap."""
        self.swapping = other.swapping
        self.swap = other.swap.copy()

    def slot_new(self, page: int) -> int:
        """A slot for a page, which enters the swap cache (add_to_swap_cache)."""
        slot = self.new_id()
        frame = self.page(page)
        frame.ref += 1
        frame.flags |= G_SWAPCACHE
        frame.slot = slot
        self.swap[slot] = Slot(0, page, frame.content)
        return slot

    def slot_read(self, slot: int, flags: int) -> int:
        """The page of a slot: the cached one, or one that is read (swapin_readahead)."""
        entry = self.swap[slot]
        if entry.page:
            return entry.page
        page = self.new_page(flags | G_SWAPCACHE, entry.content)
        self.page(page).slot = slot
        self.swap[slot] = entry._replace(page=page)
        return page

    def slot_written(self, slot: int) -> None:
        """The cached page was written to the slot."""
        entry = self.swap[slot]
        self.swap[slot] = entry._replace(content=self.pages[entry.page].content)

    def slot_uncache(self, slot: int) -> None:
        """The page leaves the swap cache, which gives its reference back."""
        entry = self.swap[slot]
        frame = self.page(entry.page)
        frame.flags &= ~G_SWAPCACHE
        frame.slot = 0
        self._slot_set(slot, entry._replace(page=0))
        self.put(entry.page)

    def slot_use(self, slot: int, by: int) -> None:
        """So many more entries refer to a slot (swap_duplicate, swap_free)."""
        entry = self.swap[slot]
        self._slot_set(slot, entry._replace(entries=entry.entries + by))

    def _slot_set(self, slot: int, entry: Slot) -> None:
        self.swap[slot] = entry
        if not entry.entries and not entry.page:
            del self.swap[slot]
            self.freed.append(-slot)
