"""Rules of reading ahead: fs/mpage.c, what falls back to buffers, and ext2's get_block."""

from __future__ import annotations

from ..abi import SCRIPT_RUNS
from .blockio import path
from .registry import RuleBase, rule
from .state import G_MAPPING, G_PRIVATE, G_UPTODATE


class MpageRules(RuleBase):
    """What the kernel decides when it reads a file's pages, one bio for many."""

    # ---- which pages ------------------------------------------------------------

    @rule("readahead.order", "6.1 mm/readahead.c page_cache_ra_unbounded")
    def readahead_order(self, first: int, pages: int) -> range:
        """Pages are added, and read, from the lowest on."""
        return range(first, first + pages)

    @rule("readahead.present", "6.1 mm/readahead.c page_cache_ra_unbounded")
    def readahead_splits(self, present: bool) -> bool:
        """A page that is in the cache is left alone, and ends a batch: those before are read."""
        return present

    @rule("readahead.fresh", "6.1 mm/readahead.c page_cache_ra_unbounded (filemap_add_folio)")
    def readahead_flags(self) -> int:
        """A page to be read ahead is in the cache, not up to date, before it is read."""
        return G_MAPPING

    @rule("readahead.leftover", "6.1 mm/readahead.c read_pages")
    def leftover_goes(self, pages: int) -> bool:
        """A page that ->readahead left alone leaves the cache, as many as were asynchronous.

        On some kernels all do, on others none.
        """
        release = self.sem.release
        return not release.leftovers_stay and (pages > 0 or release.leftovers_go)

    @rule("readahead.count", "6.1 include/linux/pagemap.h readahead_count")
    def pages_left(self, pages: int, done: int) -> int:
        """How many pages are left to read counts the one at hand."""
        return pages - done

    @rule("readahead.stops", "7.3 fs/mpage.c mpage_readahead (folio_test_locked)")
    def mpage_stops(self, failed: bool) -> bool:
        """A page that could not be read at once ends the reading, on some kernels."""
        return failed and self.sem.release.mpage_stops

    # ---- the blocks of a page ------------------------------------------------------

    @rule("mpage.buffers", "6.1 fs/mpage.c do_mpage_readpage (folio_buffers)")
    def mpage_has_buffers(self, flags: int) -> bool:
        """A page that has buffers is read by them."""
        return bool(flags & G_PRIVATE)

    @rule("mpage.last_block", "6.1 fs/mpage.c do_mpage_readpage (last_block)")
    def mpage_last_block(self, of_pages: int, of_file: int) -> int:
        """Blocks are mapped up to the last page to be read, or to the file's end."""
        return min(of_pages, of_file)

    @rule("mpage.wanted", "6.1 fs/mpage.c do_mpage_readpage (map_bh->b_size)")
    def mpage_wants(self, block: int, last: int) -> int:
        """get_block is asked for every block from this one to the last at once."""
        return last - block

    @rule("mpage.reuse", "6.1 fs/mpage.c do_mpage_readpage (map_offset)")
    def mpage_reuses(self, mapped: bool, block: int, first: int, blocks: int) -> bool:
        """What get_block said of more blocks than one page has holds for the pages behind it."""
        return mapped and first < block < first + blocks

    @rule("mpage.error", "6.1 fs/mpage.c do_mpage_readpage (confused)")
    def mpage_error_gives_up(self, failed: bool) -> bool:
        """Where get_block fails the page is read by buffers, which ask it again."""
        return failed

    @rule("mpage.uptodate", "6.1 fs/mpage.c do_mpage_readpage, map_buffer_to_folio")
    def mpage_filled(self, uptodate: bool) -> bool:
        """A block that get_block filled in is not read again: the page is left to its buffers."""
        return uptodate

    @rule("mpage.filled", "6.1 fs/mpage.c map_buffer_to_folio")
    def mpage_filled_page(self, blocks: int) -> int:
        """Where the block is the page it is up to date without buffers; else it gets them."""
        return G_UPTODATE if blocks == 1 else G_PRIVATE

    @rule("mpage.hole_first", "6.1 fs/mpage.c do_mpage_readpage (hole -> non-hole)")
    def mpage_after_hole(self, hole_before: bool) -> bool:
        """A page with a block behind a hole is read by buffers."""
        return hole_before

    @rule("mpage.scattered", "6.1 fs/mpage.c do_mpage_readpage (Contiguous blocks?)")
    def mpage_scattered(self, before: int | None, at: int) -> bool:
        """A page whose blocks do not follow each other is read by buffers."""
        return before is not None and before != at - 1

    @rule("mpage.empty", "6.1 fs/mpage.c do_mpage_readpage (first_hole == 0)")
    def mpage_empty_pushes(self) -> bool:
        """A page that is all hole, or behind the end, is zeroed; the pending bio stays pending."""
        return False

    @rule("mpage.tail", "6.1 fs/mpage.c do_mpage_readpage (folio_zero_segment)")
    def mpage_length(self, first_hole: int, blocks: int) -> int:
        """Of a page that ends in holes the blocks before them are read."""
        return first_hole

    # ---- bios ------------------------------------------------------------------------

    @rule("mpage.run", "6.1 fs/mpage.c do_mpage_readpage (last_block_in_bio)")
    def mpage_breaks_run(self, last: int, at: int) -> bool:
        """A bio goes off before a page that does not follow on the disk."""
        return last != at - 1

    @rule("mpage.boundary", "6.1 fs/mpage.c do_mpage_readpage (buffer_boundary)")
    def mpage_pushes(self, boundary: bool, relative: int, blocks: int) -> bool:
        """Where get_block set BH_Boundary the bio goes off behind the last block that it gave."""
        return boundary and relative == blocks

    @rule("mpage.tail_pushes", "6.1 fs/mpage.c do_mpage_readpage (first_hole != blocks_per_page)")
    def mpage_tail_pushes(self, whole: bool) -> bool:
        """Behind a page that ends in holes the bio goes off."""
        return not whole

    @rule("mpage.rw_page", "6.1 fs/mpage.c do_mpage_readpage, block/bdev.c bdev_read_page")
    def mpage_without_bio(self, rw_page: bool, whole: bool) -> bool:
        """A disk that takes pages gets each that begins a run and is whole without a bio."""
        return rw_page and whole and self.sem.release.rw_page

    @rule("mpage.rahead", "6.1 fs/mpage.c do_mpage_readpage (is_readahead)")
    def mpage_is_rahead(self, readahead: bool) -> bool:
        """Bios of mpage_readahead() have REQ_RAHEAD, those of a page that is needed have not."""
        return readahead

    @rule("mpage.bio_failed", "6.1 fs/mpage.c mpage_end_io, mm/filemap.c page_endio")
    def bio_failed(self) -> int:
        """Where a bio fails none of its pages is up to date, those that could be read neither."""
        return G_UPTODATE

    @rule("mpage.rw_page_failed", "6.1 fs/mpage.c do_mpage_readpage (alloc_new)")
    def rw_page_failed(self) -> bool:
        """A page that the disk does not take gets a bio all the same."""
        return False

    # ---- by buffers ------------------------------------------------------------------

    @rule("buffers.read", "6.1 fs/buffer.c block_read_full_folio (create_page_buffers)")
    def read_gives_buffers(self) -> int:
        """Reading a page by buffers gives it buffers, which stay."""
        return G_PRIVATE

    @rule("buffers.wanted", "6.1 fs/buffer.c block_read_full_folio (lblock)")
    def buffer_asks(self, block: int, blocks: int) -> bool:
        """get_block is asked for each block, one at a time, up to the file's end."""
        return block < blocks

    @rule("buffers.order", "7.3 fs/buffer.c block_read_full_folio (prev)")
    def buffers_go_early(self) -> bool:
        """A block's bio goes off when the next block is found, on some; else when all are."""
        return self.sem.release.buffers_go_early

    @rule("buffers.bios", "6.1 fs/buffer.c block_read_full_folio, submit_bh")
    def buffer_bio_blocks(self) -> int:
        """Each block is a bio of its own."""
        return 1

    @rule("buffers.uptodate", "6.1 fs/buffer.c block_read_full_folio, end_buffer_async_read")
    def buffers_fill(self, uptodate: tuple[bool, ...]) -> bool:
        """The page is up to date when every block is: not where get_block failed."""
        return all(uptodate)

    @rule("buffers.failed", "6.1 fs/buffer.c end_buffer_async_read")
    def buffer_failed(self) -> bool:
        """A block whose bio failed is not up to date; the page's others are."""
        return False

    @rule("fault.read_failed", "6.1 mm/filemap.c filemap_fault (page_not_uptodate)")
    def read_failed(self, flags: int) -> bool:
        """A fault on a page that cannot be read ends in SIGBUS; the page stays in the cache."""
        return not flags & G_UPTODATE

    @rule("fault.read_again", "6.1 mm/filemap.c filemap_fault (maybe_unlock_mmap_for_io)")
    def read_tries_again(self, may_retry: bool) -> bool:
        """A fault that may let the mmap lock go for the read comes back, and reads once more."""
        return may_retry

    @rule("fault.user_again", "7.3 arch/{x86,arm64}/mm/fault.c (FAULT_FLAG_VMA_LOCK)")
    def user_reads_again(self) -> bool:
        """A process's own fault is tried once more, without the mmap lock, on some kernels."""
        return self.sem.release.user_reads_again

    @rule("pread.read_failed", "6.1 mm/filemap.c filemap_read")
    def pread_failed(self, done: int) -> int:
        """pread() ends before a page that cannot be read; with nothing read it is -EIO."""
        return done or -5

    @rule("pread.read_again", "6.1 mm/filemap.c filemap_get_pages (filemap_update_page)")
    def pread_tries_again(self, before_ready: bool, present: bool) -> bool:
        """A page found behind one that could be copied is read, and again behind the copying.

        Where pages are found one by one it is not.
        """
        return before_ready and present and self.sem.release.pread_batches

    @rule("pread.end", "6.1 mm/filemap.c filemap_read (i_size_read)")
    def pread_reads_end(self) -> bool:
        """The page at a file's end comes into the cache, though nothing of it is read.

        On some kernels.
        """
        return self.sem.release.pread_reads_end

    # ---- ext2 ------------------------------------------------------------------------

    @rule("ext2.boundary", "6.1 fs/ext2/inode.c ext2_get_blocks (blocks_to_boundary)")
    def ext2_boundary(self, count: int, to_boundary: int) -> bool:
        """ext2 sets BH_Boundary on what ends where another indirect block is needed.

        ext4 has what it read or wrote in its cache of extents, which knows of no such blocks.
        """
        return count > to_boundary and not self.sem.ext4

    @rule("ext2.indirect", "6.1 fs/ext2/inode.c ext2_get_branch (sb_bread)")
    def ext2_reads_indirect(self, cached: bool) -> bool:
        """An indirect block is read when a block that it leads to is mapped, once."""
        return not cached

    @rule("ext2.path", "6.1 fs/ext2/inode.c ext2_block_to_path, fs/ext4/extents_status.c")
    def ext2_path(self, block: int) -> tuple[int, ...]:
        """The indirect blocks in front of a block; ext4 puts them elsewhere, and remembers them."""
        return () if self.sem.ext4 else path(block)

    # ---- the file itself ---------------------------------------------------------------

    @rule("script.position", "6.1 fs/read_write.c ksys_pwrite64 (FMODE_PWRITE), kmod/script.c")
    def script_has_position(self) -> bool:
        """A scripted file has no position to write at, so -ESPIPE comes before -EBADF."""
        return False

    # ---- refusals ----------------------------------------------------------------------

    @rule("refuse.no_readahead", "6.1 mm/readahead.c read_pages (aops->read_folio)")
    def no_readahead(self, on_disk: bool) -> bool:
        """A file of no disk has no ->readahead, and is not read ahead."""
        return not on_disk

    @rule("refuse.not_scripted", "kmod/mpage.c do_noted")
    def not_scripted(self, scripted: bool) -> bool:
        """Only a scripted file has a script."""
        return not scripted

    @rule("refuse.runs", "kmod/script.c pl_script_run")
    def script_is_full(self, runs: int) -> bool:
        """A script has room for so many answers."""
        return runs == SCRIPT_RUNS
