"""Wrong variants of the rules of files; see variants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.model.state import (
    G_DIRTY,
    G_MAPPING,
    G_PRIVATE,
    G_UPTODATE,
    NEW_READ,
    P_DIRTY,
    P_WRITE,
    P_YOUNG,
)

FILES: dict[str, Callable[..., Any]] = {
    # every file is looked at around its page
    "faults_around": lambda self, pages, vma, alone: pages > 1,
    # any number of bytes goes
    "around_pages": lambda self, size: max(size >> 12, 1),
    # pages that were never read are mapped too
    "around_takes": lambda self, flags, beyond: not beyond,
    # neighbours are old, as where hardware sets young
    "around_pte": lambda self, flags, asked: flags if asked else flags & ~P_YOUNG,
    # a file opened read-only may be mapped shared and writable
    "mapping_denied": lambda self, flags, writable: False,
    # a shared mapping of it is a shared one like any other
    "mapped_flags": lambda self, flags, writable: flags,
    # the descriptor is not looked at
    "truncate_denied": lambda self, writable: False,
    # shared pages of a disk are writable as soon as they are there
    "notified_pte": lambda self, flags, vma, tracked: flags,
    # the first write gives a page buffers, as with ext4
    "mkwrite_buffers": lambda self: G_PRIVATE,
    # the first write leaves PG_dirty to the unmapping
    "mkwrite": lambda self, flags: (flags | P_WRITE | P_DIRTY | P_YOUNG, 0),
    # a page that was read has buffers
    "read_flags": lambda self: NEW_READ | G_PRIVATE,
    # writing back leaves PTEs writable
    "cleaned_pte": lambda self, flags: flags & ~P_DIRTY,
    # writing back leaves the page dirty
    "written_flags": lambda self, flags: flags,
    # what lies behind the end of the file stays in the page
    "write_clears_tail": lambda self: False,
    # dropping caches finds secret files
    "drop_finds": lambda self, secret: True,
    # mapped and held pages go as well
    "drops": lambda self, flags, ref: not flags & G_DIRTY,
    # a page that somebody maps or holds loses its buffers too
    "drops_buffers": lambda self, flags, mapped: not flags & G_DIRTY,
    # a page keeps its buffers when it leaves the cache
    "removed_buffers": lambda self, flags: flags,
    # a file that grows keeps what it has
    "truncate_drops_grown": lambda self, on_disk: False,
    # the page at the new end is up to date
    "truncate_page_flags": lambda self: G_MAPPING | G_UPTODATE,
    # the page at the new end gets no buffers
    # growing, its end is not looked at, as with ext4
    "truncate_looks": lambda self, grows: not grows,
    "truncate_buffers": lambda self: 0,
    # the page at the new end becomes dirty, block or not
    "truncate_dirties": lambda self, on_disk: G_DIRTY,
}
