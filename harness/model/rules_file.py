"""Rules of files: dirty pages, their way to the disk, and a file system with blocks (ext2)."""

from __future__ import annotations

from ..abi import HUGE_PAGES, PAGE_SHIFT
from .registry import (
    V_MAYWRITE,
    V_SHARED,
    V_UFFD_MINOR,
    V_UFFD_WP,
    V_WRITE,
    RuleBase,
    rule,
)
from .state import (
    G_DIRTY,
    G_MAPPING,
    G_PRIVATE,
    G_UPTODATE,
    NEW_READ,
    P_DIRTY,
    P_WRITE,
    P_YOUNG,
    Vma,
)

_UFFD_MINDS = V_UFFD_WP | V_UFFD_MINOR


class FileRules(RuleBase):
    """What the kernel decides about files and the pages in their caches."""

    # ---- opened read-only -------------------------------------------------------

    @rule("file.map_denied", "6.1 mm/mmap.c do_mmap (MAP_SHARED)")
    def mapping_denied(self, flags: int, writable: bool) -> bool:
        """A file opened read-only cannot be mapped shared and writable: -EACCES."""
        return flags & (V_SHARED | V_WRITE) == V_SHARED | V_WRITE and not writable

    @rule("file.map_flags", "6.1 mm/mmap.c do_mmap (MAP_SHARED)")
    def mapped_flags(self, flags: int, writable: bool) -> int:
        """A shared mapping of a file opened read-only loses VM_SHARED and VM_MAYWRITE."""
        if not flags & V_SHARED or writable:
            return flags
        return flags & ~(V_SHARED | V_MAYWRITE)

    @rule("file.truncate_denied", "6.1 fs/open.c do_sys_ftruncate")
    def truncate_denied(self, writable: bool) -> bool:
        """A file opened read-only cannot be truncated: -EINVAL."""
        return not writable

    # ---- who may write without a fault -------------------------------------------

    @rule("track.notify", "6.1 mm/mmap.c vma_wants_writenotify")
    def notified_pte(self, flags: int, vma: Vma, tracked: bool) -> int:
        """Where a file tracks dirty pages, a shared PTE is writable only once it is dirty."""
        if not tracked or vma.flags & (V_SHARED | V_WRITE) != V_SHARED | V_WRITE:
            return flags
        return flags if flags & P_DIRTY else flags & ~P_WRITE

    @rule("track.mkwrite", "6.1 mm/memory.c wp_page_shared, mm/filemap.c filemap_page_mkwrite")
    def mkwrite(self, flags: int) -> tuple[int, int]:
        """The first write through a shared PTE makes it writable and dirty, and the page dirty."""
        return flags | P_WRITE | P_DIRTY | P_YOUNG, G_DIRTY

    @rule("track.buffers", "6.1 mm/filemap.c filemap_page_mkwrite; fs/ext4 ext4_page_mkwrite")
    def mkwrite_buffers(self) -> int:
        """ext2 gives a page no buffers when it is first written to, ext4 does, and a block."""
        return G_PRIVATE if self.sem.ext4 else 0

    # ---- fault-around -------------------------------------------------------------

    @rule("around.asks", "6.1 mm/memory.c should_fault_around; mm/secretmem.c secretmem_vm_ops")
    def faults_around(self, pages: int, vma: Vma, alone: bool) -> bool:
        """Read faults of files look around unless that is off, the file lacks it, or uffd minds."""
        return pages > 1 and not alone and not vma.flags & _UFFD_MINDS

    @rule("around.bytes", "6.1 mm/memory.c fault_around_bytes_set")
    def around_pages(self, size: int) -> int | None:
        """Rounded down to a power of two of pages, at least one; None: beyond a page table."""
        pages = size >> PAGE_SHIFT
        return None if pages > HUGE_PAGES else 1 << max(pages, 1).bit_length() - 1

    @rule("around.takes", "6.1 mm/filemap.c next_uptodate_page")
    def around_takes(self, flags: int, beyond: bool) -> bool:
        """Only pages of the cache that are up to date and within the file are mapped along."""
        return bool(flags & G_UPTODATE) and not beyond

    @rule("around.pte", "6.1 mm/memory.c do_set_pte (arch_wants_old_prefaulted_pte)")
    def around_pte(self, flags: int, asked: bool) -> int:
        """A neighbour's PTE is as that of the page asked for, and old where hardware sets young."""
        return flags & ~P_YOUNG if self.sem.old_neighbours and not asked else flags

    # ---- reading ------------------------------------------------------------------

    @rule("read.page", "6.1 mm/filemap.c filemap_read_folio, fs/mpage.c do_mpage_readpage")
    def read_flags(self) -> int:
        """A page read from a disk is clean, up to date and has no buffers."""
        return NEW_READ

    # ---- writing back ---------------------------------------------------------------

    @rule("write.mkclean", "6.1 mm/rmap.c page_vma_mkclean_one")
    def cleaned_pte(self, flags: int) -> int:
        """Writing a page back makes every PTE of it clean and read-only; young stays."""
        return flags & ~(P_WRITE | P_DIRTY)

    @rule("write.clean", "6.1 mm/page-writeback.c folio_clear_dirty_for_io")
    def written_flags(self, flags: int) -> int:
        """A page that was written back is clean."""
        return flags & ~G_DIRTY

    @rule("write.tail", "6.1 fs/mpage.c __mpage_writepage (zero_user_segment)")
    def write_clears_tail(self) -> bool:
        """Writing back zeroes what the last page holds behind the end of the file."""
        return True

    # ---- dropping ---------------------------------------------------------------------

    @rule("drop.listed", "6.1 fs/drop_caches.c drop_pagecache_sb, fs/libfs.c alloc_anon_inode")
    def drop_finds(self, secret: bool) -> bool:
        """Dropping caches goes through the file systems' lists of files: no secret one is there."""
        return not secret

    @rule("drop.clean", "6.1 mm/truncate.c mapping_evict_folio")
    def drops(self, flags: int, ref: int) -> bool:
        """Dropping caches takes clean pages that only the cache and their buffers refer to."""
        return not flags & G_DIRTY and ref == 1 + bool(flags & G_PRIVATE)

    @rule("drop.held", "6.1 mm/truncate.c mapping_evict_folio (folio_ref_count)")
    def drops_buffers(self, flags: int, mapped: int) -> bool:
        """Of a clean page that stays, nobody's memory but held, some kernels take the buffers."""
        return self.sem.release.drops_held_buffers and not flags & G_DIRTY and not mapped

    @rule("buffers.drop", "6.1 fs/buffer.c block_invalidate_folio, try_to_free_buffers")
    def removed_buffers(self, flags: int) -> int:
        """A page that leaves the cache loses its buffers, and the reference that they hold."""
        return flags & ~G_PRIVATE

    # ---- truncating ---------------------------------------------------------------------

    @rule("truncate.grows", "6.1 mm/truncate.c truncate_setsize, mm/shmem.c shmem_setattr")
    def truncate_drops_grown(self, on_disk: bool) -> bool:
        """Growing a file of a disk drops what its cache has behind the new end, too."""
        return on_disk

    @rule("truncate.reads", "6.1 fs/buffer.c block_truncate_page (grab_cache_page)")
    def truncate_page_flags(self) -> int:
        """A new end within a page brings that page into the cache, not up to date."""
        return G_MAPPING

    @rule("truncate.looks", "6.1 fs/ext2/inode.c ext2_setsize, fs/ext4/inode.c ext4_setattr")
    def truncate_looks(self, grows: bool) -> bool:
        """A new end within a page is looked at, by ext4 only where the file becomes no larger."""
        return not (grows and self.sem.ext4)

    @rule("truncate.buffers", "6.1 fs/buffer.c block_truncate_page (create_empty_buffers)")
    def truncate_buffers(self) -> int:
        """A new end within a page gives that page buffers, and them a reference."""
        return G_PRIVATE

    @rule("truncate.block", "6.1 fs/buffer.c block_truncate_page (mark_buffer_dirty)")
    def truncate_dirties(self, on_disk: bool) -> int:
        """The page at the new end becomes dirty only if it has a block on the disk."""
        return G_DIRTY if on_disk else 0
