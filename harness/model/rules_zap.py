"""Rules of taking pages out of page tables: zap_page_range, unmap_mapping_range, their callers."""

from __future__ import annotations

from ..abi import HUGE_PAGES, PAGE_SIZE
from .registry import RuleBase, rule
from .state import G_ANON, G_MAPPING, Vma

_UNSIGNED_LONG = (1 << 64) - 1
_LATE = 65  # faults between which a task tells nothing (TASK_RSS_EVENTS_THRESH)


class ZapRules(RuleBase):
    """What a kernel decides about ranges that are to be unmapped."""

    @rule("zap.spares", "6.1 mm/memory.c should_zap_page")
    def zap_spares(self, special: bool, page_flags: int) -> bool:
        """Without even_cows anonymous pages stay; the zero page goes as all else does.

        What is in no file's cache stays on some kernels too.
        """
        if self.sem.release.unmap_spares_unmapped and not page_flags & G_MAPPING:
            return not special
        return not special and bool(page_flags & G_ANON)

    @rule("zap.tables", "7.3 mm/memory.c zap_pte_range (pte_table_reclaim_possible)")
    def discard_frees_table(self, whole: bool, left: bool) -> bool:
        """Discarding all that a page table maps frees it, on some kernels: a leaf can be there."""
        return self.sem.release.frees_tables and whole and not left

    # ---- zap_page_range ------------------------------------------------------

    @rule("zap.details", "6.1 mm/memory.c should_zap_cows (details == NULL)")
    def zap_spares_copies(self) -> bool:
        """Without details private copies stay: they go."""
        return False

    @rule("zap.first", "6.1 mm/memory.c unmap_single_vma")
    def zap_begins(self, vma: Vma, start: int) -> int:
        """What of the range lies below the VMA that is named is left alone."""
        return max(start, vma.start)

    @rule("zap.others", "6.1 mm/memory.c zap_page_range (mas_find)")
    def zap_goes_on(self) -> bool:
        """zap_page_range goes on in the VMAs that follow, as far as the range goes."""
        return True

    @rule("zap.single", "6.1 mm/memory.c zap_page_range_single, unmap_single_vma")
    def zap_single_ends(self, vma: Vma, end: int) -> int:
        """zap_page_range_single ends where its VMA does, and says nothing of it."""
        return min(end, vma.end)

    @rule("refuse.absent_zap", "kmod/zap.c")
    def lacks_zap(self, single: bool) -> bool:
        """zap_page_range, or its form for one VMA, is refused where there is no such call."""
        release = self.sem.release
        return not (release.zap_single if single else release.zap_range)

    @rule("refuse.zap_outside", "kmod/zap.c")
    def zap_wants_inside(self, vma: Vma, start: int, end: int) -> bool:
        """A range that leaves its VMA is refused where the kernel does not cut it."""
        return not self.sem.release.zap_single_cuts and (start < vma.start or end > vma.end)

    @rule("refuse.unaligned", "kmod/zap.c")
    def zap_unaligned(self, start: int, end: int) -> bool:
        """A range (bytes) that begins or ends within a page is refused: the walk would not end."""
        return bool((start | end) % PAGE_SIZE)

    @rule("refuse.cuts_huge", "kmod/zap.c")
    def zap_cuts_huge(self, start: int, end: int) -> bool:
        """So is one (pages) that begins or ends within a huge page of hugetlb."""
        return bool((start | end) % HUGE_PAGES)

    @rule("refuse.no_vma", "kmod/zap.c")
    def zap_wants_vma(self) -> bool:
        """Zapping needs a VMA to begin with: where there is none it is refused."""
        return True

    # ---- unmap_mapping_range -------------------------------------------------

    @rule("unmap.begin", "6.1 mm/memory.c unmap_mapping_range (hba)")
    def hole_begins(self, begin: int) -> int:
        """A hole begins with the page that its first byte lies in; a negative one is far off."""
        return (begin & _UNSIGNED_LONG) >> 12

    @rule("unmap.length", "6.1 mm/memory.c unmap_mapping_range (hlen)")
    def hole_pages(self, length: int) -> int:
        """Its length is rounded up by itself, whatever it begins with."""
        return ((length + PAGE_SIZE - 1) & _UNSIGNED_LONG) >> 12

    @rule("unmap.rest", "6.1 mm/memory.c unmap_mapping_pages (last_index < first_index)")
    def hole_ends(self, first: int, pages: int) -> int:
        """A hole of no page goes on to the end of the file."""
        return first + pages if pages else _UNSIGNED_LONG

    @rule("unmap.even_cows", "6.1 mm/memory.c unmap_mapping_pages, should_zap_cows")
    def hole_spares_copies(self, even_cows: bool) -> bool:
        """Private copies stay where even_cows is 0."""
        return not even_cows

    @rule("unmap.mappings", "6.1 mm/memory.c unmap_mapping_range_tree (i_mmap)")
    def hole_reaches(self, shared: bool) -> bool:
        """Every mapping of the file loses the pages, shared or private, whosever it is."""
        return True

    # ---- what is resident ----------------------------------------------------

    @rule("statm.resident", "6.1 fs/proc/task_mmu.c task_statm")
    def resident(self, anon: int, file: int, shmem: int) -> int:
        """Anonymous, file and shmem pages are resident."""
        return anon + file + shmem

    @rule("statm.late", "6.1 mm/memory.c check_sync_rss_stat, add_mm_counter_fast")
    def untold(self, changes: int) -> int:
        """Changes of RSS that a task keeps to itself, at most, where page tables have split locks.

        It tells them with every 66th fault, and when it unmaps something.
        """
        return min(changes, _LATE) if self.sem.split_rss else 0

    @rule("statm.told", "6.1 mm/memory.c add_mm_rss_vec (sync_mm_rss)")
    def zap_tells(self, table: bool) -> bool:
        """A task that zaps its own memory where there is a page table tells all changes first."""
        return table

    # ---- mmap over, execve ---------------------------------------------------

    @rule("mmap.fixed", "6.1 mm/mmap.c __mmap_region (do_mas_munmap)")
    def fixed_replaces(self) -> bool:
        """MAP_FIXED takes away what is there, and maps in its place."""
        return True

    @rule("mmap.fixed_fails", "6.1 mm/mmap.c __mmap_region (mmap_file)")
    def fixed_unmaps_first(self) -> bool:
        """Where the file refuses to be mapped, what was there is gone all the same."""
        return True

    @rule("mmap.fixed_huge", "6.1 mm/mmap.c __mmap_region (do_mas_munmap)")
    def fixed_cuts_huge(self) -> int:
        """MAP_FIXED over part of a huge page of hugetlb is -ENOMEM, or -EINVAL as munmap says."""
        return self.sem.release.fixed_huge_error

    @rule("execve.unmaps", "6.1 fs/exec.c exec_mmap (mmput)")
    def execve_keeps(self) -> bool:
        """The memory of the image that execve replaces stays: it goes as at exit."""
        return False
