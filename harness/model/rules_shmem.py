"""Rules of a file's pages that no mapping is needed for, and of kill."""

from __future__ import annotations

from .registry import RuleBase, rule
from .state import G_DIRTY, G_PRIVATE, G_UPTODATE

ESRCH, EBADF, EINVAL, EOPNOTSUPP = 3, 9, 22, 95
KEEP_SIZE, PUNCH_HOLE = 1, 2


class ShmemRules(RuleBase):
    """What fallocate, pread, pwrite and kill decide."""

    # ---- fallocate -----------------------------------------------------------

    @rule("fallocate.mode", "6.1 fs/open.c vfs_fallocate")
    def fallocate_error(self, mode: int, size: int) -> int:
        """A length of 0 is -EINVAL; PUNCH_HOLE without KEEP_SIZE is -EOPNOTSUPP."""
        if size <= 0:
            return -EINVAL
        return -EOPNOTSUPP if mode & (PUNCH_HOLE | KEEP_SIZE) == PUNCH_HOLE else 0

    @rule("fallocate.disk", "6.1 fs/open.c vfs_fallocate")
    def fallocate_denied(self, writable: bool, on_disk: bool) -> int:
        """A file opened read-only is -EBADF, one on an ext2 -EOPNOTSUPP."""
        if not writable:
            return -EBADF
        return -EOPNOTSUPP if on_disk else 0

    @rule("fallocate.size", "6.1 mm/shmem.c shmem_fallocate")
    def allocated_size(self, mode: int, size: int, end: int) -> int:
        """Allocating beyond the end moves the end, unless KEEP_SIZE."""
        return size if mode & KEEP_SIZE else max(size, end)

    @rule("fallocate.page", "6.1 mm/shmem.c shmem_fallocate, shmem_get_folio_gfp (SGP_FALLOC)")
    def allocated_flags(self, flags: int) -> int:
        """An allocated page is dirty, and not up to date: nobody has cleared it."""
        return flags & ~G_UPTODATE | G_DIRTY

    @rule("fallocate.again", "6.1 mm/shmem.c shmem_fallocate, shmem_get_folio_gfp (clear)")
    def reallocated_flags(self, flags: int) -> int:
        """Allocating a page that is there makes it dirty, and clears it if nobody had."""
        return flags | G_DIRTY | G_UPTODATE

    @rule("fallocate.used", "6.1 mm/shmem.c shmem_get_folio_gfp (clear)")
    def filled_flags(self, flags: int) -> int:
        """An allocated page is cleared when it is first used."""
        return flags | G_UPTODATE

    @rule("punch.inwards", "6.1 mm/shmem.c shmem_fallocate, shmem_undo_range")
    def punched(self, start: int, end: int) -> tuple[int, int]:
        """A hole takes the pages that lie in it whole (first and end)."""
        return (start + 4095) >> 12, end >> 12

    @rule("punch.unmaps", "6.1 mm/shmem.c shmem_fallocate (u64)unmap_end > (u64)unmap_start")
    def punch_unmaps(self, first: int, last: int) -> int:
        """Unmapped is what the hole takes, but all of the file if it ends in the first page.

        Rounded down the end is 0 then, one less is -1, and as an unsigned number
        that lies behind everything. The pages stay in the cache.
        """
        return last or 1 << 40

    @rule("punch.even_cows", "6.1 mm/shmem.c shmem_fallocate (even_cows=0)")
    def punch_spares_copies(self) -> bool:
        """Punching a hole leaves private copies where they are."""
        return True

    # ---- pread and pwrite ----------------------------------------------------

    @rule("file.read", "6.1 mm/shmem.c shmem_file_read_iter")
    def readable(self, size: int, offset: int, wanted: int) -> int:
        """Reading stops at the file's end; beyond it there are 0 bytes."""
        return max(0, min(wanted, size - offset))

    @rule("file.read_hole", "6.1 mm/shmem.c shmem_file_read_iter (SGP_READ)")
    def read_fills(self) -> bool:
        """Reading a hole puts a page there: it does not."""
        return False

    @rule("file.write", "6.1 mm/shmem.c shmem_write_end")
    def pwritten_flags(self, flags: int) -> int:
        """A page that was written to is dirty and up to date."""
        return flags | G_DIRTY | G_UPTODATE

    @rule("file.write_denied", "6.1 fs/read_write.c vfs_write")
    def pwrite_error(self, writable: bool) -> int:
        """Writing to a file that was opened read-only is -EBADF."""
        return 0 if writable else -EBADF

    @rule("file.write_buffers", "6.1 fs/buffer.c __block_write_begin, __block_commit_write")
    def pwrite_buffers(self) -> int:
        """Writing to a page of a disk gives that page buffers, and them a reference."""
        return G_PRIVATE

    @rule("file.write_size", "6.1 mm/shmem.c shmem_write_end")
    def written_size(self, size: int, end: int) -> int:
        """Writing beyond the end moves it."""
        return max(size, end)

    # ---- other processes -----------------------------------------------------

    @rule("kill.gone", "6.1 kernel/signal.c kill_something_info")
    def kill_error(self, alive: bool) -> int:
        """Killing a process that is gone is -ESRCH."""
        return 0 if alive else -ESRCH
