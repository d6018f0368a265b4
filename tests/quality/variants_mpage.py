"""Wrong variants of the rules of reading ahead; see variants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.model.state import G_DIRTY, G_MAPPING, G_PRIVATE, G_UPTODATE

MPAGE: dict[str, Callable[..., Any]] = {
    # pages are read from the highest on
    "readahead_order": lambda self, first, pages: range(first + pages - 1, first - 1, -1),
    # one batch goes on behind a page that is there
    "readahead_splits": lambda self, present: False,
    # a fresh page is dirty
    "readahead_flags": lambda self: G_MAPPING | G_DIRTY,
    # every page that was left alone stays, as in 5.10
    "leftover_goes": lambda self, pages: False,
    # the page at hand is not counted
    "pages_left": lambda self, pages, done: pages - done - 1,
    # buffers are looked at only of a page that is up to date
    "mpage_has_buffers": lambda self, flags: flags & G_PRIVATE and flags & G_UPTODATE,
    # the end of the file does not bound what is mapped
    "mpage_last_block": lambda self, of_pages, of_file: of_pages,
    # get_block is asked for one block at a time
    "mpage_wants": lambda self, block, last: 1,
    # each page asks get_block anew
    "mpage_reuses": lambda self, mapped, block, first, blocks: False,
    # an error is a hole
    "mpage_error_gives_up": lambda self, failed: False,
    # what get_block filled in is read all the same
    "mpage_filled": lambda self, uptodate: False,
    # such a page gets buffers whatever its size
    "mpage_filled_page": lambda self, blocks: G_PRIVATE,
    # a block behind a hole is read with the rest
    "mpage_after_hole": lambda self, hole_before: False,
    # only the first block of a page counts
    "mpage_scattered": lambda self, before, at: False,
    # a page that is all hole sends the bio off, as any that ends in holes
    "mpage_empty_pushes": lambda self: True,
    # a page is read to its end
    "mpage_length": lambda self, first_hole, blocks: blocks if first_hole else 0,
    # a bio takes blocks from anywhere
    "mpage_breaks_run": lambda self, last, at: False,
    # BH_Boundary is not looked at
    "mpage_pushes": lambda self, boundary, relative, blocks: False,
    # behind a page that ends in holes the bio takes more
    "mpage_tail_pushes": lambda self, whole: False,
    # every page has a bio, as from 6.3 on
    "mpage_without_bio": lambda self, rw_page, whole: False,
    # no bio is marked as reading ahead
    "mpage_is_rahead": lambda self, readahead: False,
    # what a failed bio was to read is there
    "bio_failed": lambda self: 0,
    # the disk took the page, whatever it says
    "rw_page_failed": lambda self: True,
    # a block is there when it was asked for
    "buffer_failed": lambda self: True,
    # a process's fault is tried again where it is not, and the other way round
    "user_reads_again": lambda self: not self.sem.release.user_reads_again,
    # a page that failed ends the reading where it does not, and the other way round
    "mpage_stops": lambda self, failed: failed and not self.sem.release.mpage_stops,
    # bios go off early where they do not, and the other way round
    "buffers_go_early": lambda self: not self.sem.release.buffers_go_early,
    # the buffers go when the page is read
    "read_gives_buffers": lambda self: 0,
    # get_block is asked also behind the end of the file
    "buffer_asks": lambda self, block, blocks: True,
    # two blocks share a bio
    "buffer_bio_blocks": lambda self: 2,
    # a page is up to date when any of its blocks is
    "buffers_fill": lambda self, uptodate: any(uptodate),
    # a page that cannot be read is mapped as it is
    "read_failed": lambda self, flags: False,
    # a fault reads once
    "read_tries_again": lambda self, may_retry: False,
    # what was read before is lost
    "pread_failed": lambda self, done: -5,
    # the page at the end comes into the cache
    "pread_reads_end": lambda self: True,
    # pread reads a page once
    "pread_tries_again": lambda self, before_ready, present: False,
    # indirect blocks lie nowhere
    "ext2_path": lambda self, block: (),
    # ext2 marks no boundary
    "ext2_boundary": lambda self, count, to_boundary: False,
    # each block that is mapped reads its indirect block
    "ext2_reads_indirect": lambda self, cached: True,
    # shmem is read ahead, of nothing
    "no_readahead": lambda self, on_disk: False,
    # a script for any file
    "not_scripted": lambda self, scripted: False,
    # it is turned down as any file that was opened for reading only
    "script_has_position": lambda self: True,
    # the script has no end
    "script_is_full": lambda self, runs: False,
}
