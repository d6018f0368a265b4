"""Rules of particular kinds of memory: secret memory, huge pages of hugetlb."""

from __future__ import annotations

from ..abi import HUGE_PAGES, Ms, Prot, VmaFlag
from .registry import V_WRITE, RuleBase, rule
from .rules_memory import prot_bits
from .state import G_DIRTY, G_EXCLUSIVE, P_DIRTY, P_HUGE, P_WRITE, P_YOUNG, Vma

EPERM, EINVAL, ESPIPE, EOPNOTSUPP = 1, 22, 29, 95
_EXEC = int(Prot.EXEC)
_HUGETLB, _DONTEXPAND = int(VmaFlag.HUGETLB), int(VmaFlag.DONTEXPAND)
_MS_SYNC = int(Ms.SYNC)
_SPECIAL = int(
    VmaFlag.IO | VmaFlag.DONTEXPAND | VmaFlag.PFNMAP | VmaFlag.MIXEDMAP | VmaFlag.HUGETLB
)
_MAYEXEC, _DONTDUMP = int(VmaFlag.MAYEXEC), int(VmaFlag.DONTDUMP)


class KindRules(RuleBase):
    """What a kernel decides about memory that is not of the ordinary kind."""

    # ---- memfd_secret --------------------------------------------------------

    @rule("secret.mmap", "6.1 mm/mmap.c do_mmap (path_noexec), mm/secretmem.c secretmem_mmap")
    def secret_mmap(self, shared: bool, prot: int) -> int:
        """Secret memory is never executable and never private; 0, or the errno that says so."""
        if prot & _EXEC:
            return -EPERM
        return 0 if shared else -EINVAL

    @rule("secret.vma", "6.1 mm/mmap.c do_mmap (path_noexec), mm/secretmem.c secretmem_mmap")
    def secret_vma_flags(self, flags: int) -> int:
        """A mapping of secret memory can never become executable and is left out of dumps."""
        return flags & ~_MAYEXEC | _DONTDUMP

    @rule("secret.resize", "6.1 mm/secretmem.c secretmem_setattr")
    def secret_resizes(self, size: int) -> bool:
        """A secret file takes one size in its life."""
        return size == 0

    @rule("secret.gup", "6.1 mm/gup.c check_vma_flags (vma_is_secretmem)")
    def slow_takes_secret(self) -> bool:
        """get_user_pages takes secret memory: it does not, before any fault."""
        return False

    @rule("secret.fast", "6.1 mm/gup.c gup_pte_range (page_is_secretmem)")
    def fast_takes_secret(self) -> bool:
        """The lockless walk takes secret pages: it does not."""
        return False

    @rule("secret.position", "6.1 fs/read_write.c ksys_pread64 (FMODE_PREAD), mm/secretmem.c")
    def secret_io(self) -> int:
        """A secret file can be mapped alone: neither pread nor pwrite knows it."""
        return -ESPIPE

    @rule("secret.fallocate", "6.1 fs/open.c vfs_fallocate, mm/secretmem.c secretmem_fops")
    def secret_fallocate(self) -> int:
        """A secret file's pages are never allocated ahead or punched out."""
        return -EOPNOTSUPP

    @rule("secret.sync", "6.1 fs/sync.c vfs_fsync_range, mm/secretmem.c secretmem_fops")
    def secret_syncs(self, flags: int) -> bool:
        """Secret memory has no fsync, nor so an msync with SYNC: -EINVAL."""
        return not flags & _MS_SYNC

    @rule("lock.spares", "6.1 mm/mlock.c mlock_fixup")
    def lock_takes(self, vma: Vma, secret: bool) -> bool:
        """mlock marks mappings, but not those of secret memory, hugetlb or devices."""
        return not (secret or vma.flags & _SPECIAL)

    # ---- hugetlb -------------------------------------------------------------

    @rule("hugetlb.vma", "6.1 fs/hugetlbfs/inode.c hugetlbfs_file_mmap")
    def huge_vma_flags(self, flags: int) -> int:
        """A mapping of hugetlb says so and cannot grow."""
        return flags | _HUGETLB | _DONTEXPAND

    @rule("hugetlb.reserve", "6.1 mm/hugetlb.c hugetlb_reserve_pages, hugetlb_acct_memory")
    def huge_reserves(self, wanted: int, left: int) -> bool:
        """A mapping is made only if the pool can promise every page of it."""
        return wanted <= left

    @rule("hugetlb.allocate", "6.1 mm/hugetlb.c dequeue_huge_page_vma")
    def huge_available(self, promised: bool, left: int) -> bool:
        """A page comes out of a promise once, else out of what the pool has left, or SIGBUS."""
        return promised or left > 0

    @rule("hugetlb.fork_fails", "6.1 mm/hugetlb.c copy_hugetlb_page_range, kernel/fork.c dup_mm")
    def huge_fork_finds(self, left: int) -> bool:
        """fork is -ENOMEM where the pool has no page left for the copy of a pinned one."""
        return left > 0

    @rule("hugetlb.recycle", "6.1 mm/hugetlb.c free_huge_page, enqueue_huge_page")
    def huge_recycled_flags(self, flags: int) -> int:
        """A huge page comes out of the pool as dirty as it went in, the last one in first."""
        return flags & G_DIRTY

    @rule("hugetlb.new_pte", "6.1 mm/hugetlb.c hugetlb_no_page, make_huge_pte")
    def huge_new_pte(self, vma: Vma) -> int:
        """A new private huge page is mapped read-only, real and zeroed even for a read."""
        return prot_bits(vma) | P_HUGE

    @rule("hugetlb.reuse", "6.1 mm/hugetlb.c hugetlb_wp (page_mapcount)")
    def huge_reuses(self, mappings: int) -> bool:
        """A write keeps a huge page that is mapped once, whoever holds references."""
        return mappings == 1

    @rule("hugetlb.unshared_pte", "6.1 mm/hugetlb.c hugetlb_wp, make_huge_pte (!unshare)")
    def huge_unshared_pte(self, flags: int) -> int:
        """A huge page copied by unsharing is mapped read-only, clean and young."""
        return flags & ~(P_WRITE | P_DIRTY) | P_YOUNG

    @rule("hugetlb.fork_pinned", "6.1 mm/hugetlb.c copy_hugetlb_page_range")
    def huge_fork_copies(self, has_pinned: bool, pins: int, flags: int) -> bool:
        """fork gives the child a copy of a huge page that is pinned, on most kernels."""
        if not self.sem.release.huge_fork_copies:
            return False
        return has_pinned and pins > 0 and bool(flags & G_EXCLUSIVE)

    @rule("hugetlb.fork_pte", "6.1 mm/hugetlb.c hugetlb_install_page, make_huge_pte (writable)")
    def huge_copied_pte(self, vma: Vma) -> int:
        """The child's copy of a pinned huge page is writable, though its mapping may not be.

        On some kernels it is not then.
        """
        if self.sem.release.huge_heeds_vma and not vma.flags & V_WRITE:
            return prot_bits(vma) | P_HUGE
        return prot_bits(vma) | P_HUGE | P_WRITE | P_DIRTY

    @rule("hugetlb.written_pte", "6.1 mm/hugetlb.c set_huge_ptep_writable, make_huge_pte")
    def huge_written_pte(self, flags: int, vma: Vma, copied: bool) -> int:
        """A write leaves the entry writable, dirty and young.

        Where the mapping is not writable it stays as it is on some kernels, and a copy's is clean.
        """
        if self.sem.release.huge_heeds_vma and not vma.flags & V_WRITE:
            return prot_bits(vma) | P_HUGE if copied else flags
        return flags | P_WRITE | P_DIRTY | P_YOUNG

    @rule("hugetlb.child_pte", "6.1 mm/hugetlb.c copy_hugetlb_page_range")
    def huge_child_pte(self, flags: int) -> int:
        """The child's entry is the parent's, as young as that one."""
        return flags

    @rule("hugetlb.zap", "6.1 mm/hugetlb.c __unmap_hugepage_range (huge_pte_dirty)")
    def huge_zapped_flags(self, pte_flags: int, flags: int) -> int:
        """Unmapping passes the entry's dirty bit to the page, anonymous though it is."""
        return flags | (G_DIRTY if pte_flags & P_DIRTY else 0)

    @rule("hugetlb.split", "6.1 mm/hugetlb.c hugetlb_vm_op_split")
    def huge_split_refused(self, edge: int) -> bool:
        """A mapping of huge pages is cut only between two of them."""
        return edge % HUGE_PAGES != 0

    @rule("hugetlb.cut_stays", "6.1 mm/mmap.c do_mas_align_munmap, mm/mprotect.c mprotect_fixup")
    def huge_cut_stays(self) -> bool:
        """Where a range's end cannot be cut off, a mapping stays cut at its beginning."""
        return True

    @rule("hugetlb.dontneed", "6.1 mm/madvise.c madvise_dontneed_free_valid_vma")
    def huge_dontneed(self, start: int, end: int) -> int | None:
        """DONTNEED of huge pages begins at one, and ends with the last that is whole.

        Some kernels know none of them.
        """
        if not self.sem.release.huge_dontneed:
            return None
        return None if start % HUGE_PAGES else end - end % HUGE_PAGES

    @rule("hugetlb.force", "6.1 mm/gup.c check_vma_flags (is_vm_hugetlb_page)")
    def huge_forced(self) -> bool:
        """FORCE writes to read-only huge pages of hugetlb on some kernels."""
        return self.sem.release.huge_forced

    @rule("hugetlb.killed", "6.1 mm/hugetlb.c follow_hugetlb_page (fatal_signal_pending)")
    def huge_interrupted(self) -> int:
        """With a fatal signal pending huge pages of hugetlb give -EFAULT, or -EINTR as others."""
        return self.sem.release.killed_huge_error
