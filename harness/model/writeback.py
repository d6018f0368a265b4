"""Between page cache and disk: writing dirty pages, dropping clean ones.

Source: 6.1 mm/page-writeback.c, mm/truncate.c, fs/mpage.c. Nothing here
happens unless a program asks for it: guests have no periodic writeback.
"""

from __future__ import annotations

from ..abi import PAGE_SHIFT, PAGE_SIZE
from . import mpage, pagecache
from .rules import Rules
from .state import G_DIRTY, State


def write(rules: Rules, state: State, file: int, first: int = 0, last: int = pagecache.END) -> None:
    """Write a file's dirty pages and wait for them (fsync); shmem has nowhere to.

    Args:
        first, last: the pages from first up to last alone (msync).
    """
    entry = state.files[file]
    if entry.disk is None or (entry.io is not None and entry.io.script is not None):
        return
    for index, number in sorted(entry.cache.items()):
        if not first <= index < last or not state.pages[number].flags & G_DIRTY:
            continue
        _clean_entries(rules, state, number)
        page = state.page(number)
        page.flags = rules.written_flags(page.flags)
        if index == entry.size >> PAGE_SHIFT and rules.write_clears_tail():
            page.content = page.content.clear_from(entry.size % PAGE_SIZE)
        entry.disk[index] = page.content
        mpage.allocate(rules, state, file, index)


def _clean_entries(rules: Rules, state: State, page: int) -> None:
    """page_mkclean(): the next write of each mapping is to fault again."""
    for process, mm in state.mms.items():
        for index, pte in list(mm.ptes.items()):
            if pte.page == page:
                flags = rules.cleaned_pte(pte.flags)
                if flags != pte.flags:
                    state.set_pte(process, index, flags, page)


def drop_caches(rules: Rules, state: State) -> None:
    """Take pages that nobody needs out of every cache (drop_pagecache_sb).

    LRU batches, whose references would keep pages, are emptied first.
    """
    state.drained()
    for file, entry in state.files.items():
        if not rules.drop_finds(entry.secret):
            continue
        for index, number in sorted(entry.cache.items()):
            page = state.pages[number]
            if rules.drops(page.flags, page.ref):
                pagecache.remove(rules, state, file, index)
            elif rules.drops_buffers(page.flags, page.map):
                pagecache.drop_buffers(rules, state.page(number))
