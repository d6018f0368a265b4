"""Fault-around: a read fault maps the neighbours that are in the cache as well.

Source: 6.1 mm/memory.c do_fault_around, mm/filemap.c filemap_map_pages.
"""

from __future__ import annotations

from ..abi import HUGE_PAGES
from .rules import Rules
from .state import State, Vma, rss_of


def _window(vma: Vma, index: int, pages: int) -> range:
    """Pages of the arena that are looked at: of one mapping, and of one page table."""
    first = max(index & -pages, vma.start)
    table_end = (first & -HUGE_PAGES) + HUGE_PAGES
    return range(first, min(first + pages, vma.end, table_end))


def map_pages(rules: Rules, state: State, process: int, vma: Vma, index: int) -> bool:
    """Map what is in the cache around a page that a read fault is at; was that page there?"""
    file = state.files[vma.file]
    if not rules.faults_around(state.around, vma, file.secret or file.device is not None):
        return False
    ptes, absent = state.mms[process].ptes, state.mms[process].absent
    tracked = state.tracks_dirty(vma.file)
    for at in _window(vma, index, state.around):
        offset = vma.pgoff + at - vma.start
        number = file.cache.get(offset)
        if number is None or at in ptes or at in absent:
            continue
        page = state.pages[number]
        if not rules.around_takes(page.flags, rules.beyond_eof(offset, file.size)):
            continue
        page = state.page(number)
        page.ref += 1
        page.map += 1
        state.count(process, rss_of(page.flags), 1)
        flags = rules.notified_pte(rules.file_read_pte(vma), vma, tracked)
        flags = rules.read_dirties_pte(flags, state.pages[state.head(number)].flags)
        state.set_pte(process, at, rules.around_pte(flags, at == index), number)
    return index in ptes
