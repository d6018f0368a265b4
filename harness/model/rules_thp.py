"""Rules of transparent huge pages."""

from __future__ import annotations

from ..abi import HUGE_PAGES, VmaFlag
from .registry import V_WRITE, RuleBase, rule
from .rules_memory import prot_bits
from .state import G_DIRTY, P_DIRTY, P_HUGE, P_UFFD_WP, P_WRITE, P_YOUNG, Vma

_HUGEPAGE, _NOHUGEPAGE = int(VmaFlag.HUGEPAGE), int(VmaFlag.NOHUGEPAGE)


class ThpRules(RuleBase):
    """What a kernel decides about leaves of anonymous memory."""

    @rule("thp.advise", "6.1 mm/khugepaged.c hugepage_madvise")
    def thp_advised(self, flags: int, wanted: bool) -> int:
        """HUGEPAGE and NOHUGEPAGE each end the other."""
        if wanted:
            return flags & ~_NOHUGEPAGE | _HUGEPAGE
        return flags & ~_HUGEPAGE | _NOHUGEPAGE

    @rule("thp.wanted", "6.1 mm/memory.c __handle_mm_fault, mm/huge_memory.c hugepage_vma_check")
    def thp_wanted(self, flags: int, fits: bool, empty: bool) -> bool:
        """A leaf comes where a mapping asked for it, has all of it, and no page table is yet."""
        return bool(flags & _HUGEPAGE) and fits and empty

    @rule("thp.new_pte", "6.1 mm/huge_memory.c __do_huge_pmd_anonymous_page")
    def thp_new_pte(self, vma: Vma) -> int:
        """A new leaf is dirty even for a read, and writable if the mapping is."""
        return prot_bits(vma) | P_HUGE | P_DIRTY | (P_WRITE if vma.flags & V_WRITE else 0)

    @rule("thp.reuse", "6.1 mm/huge_memory.c do_huge_pmd_wp_page")
    def thp_reuses(self, ref: int, mapped: int) -> bool:
        """A leaf that was shared is written in place only by its page's last reference.

        On some kernels its last mapping does, whoever holds references.
        """
        return mapped == 1 if self.sem.release.thp_counts_maps else ref == 1

    @rule("cow.part", "7.3 mm/memory.c wp_can_reuse_anon_folio, __wp_can_reuse_large_anon_folio")
    def reuses_part(self, mapped: int, ref: int, own: bool) -> bool:
        """A part of a huge page is written in place by that one's last reference.

        On some kernels never, on others where all references are mappings of this process, and
        more than one.
        """
        release = self.sem.release
        if mapped == 1 and release.copies_last_part:
            return False
        if release.keeps_own_parts:
            return own and mapped == ref
        return ref == 1 and not release.copies_last_part

    @rule("thp.owners", "7.3 include/linux/rmap.h folio_add_return_large_mapcount")
    def thp_knows_owner(self, owners: int) -> bool:
        """Two processes that map a huge page are told apart, a third is not."""
        return owners < 2

    @rule("thp.split_pte", "6.1 mm/huge_memory.c __split_huge_pmd_locked")
    def thp_split_pte(self, flags: int, vma: Vma) -> int:
        """A split leaf's PTEs are as writable, young and protected as it was; as dirty on some."""
        kept = P_WRITE | P_YOUNG | P_UFFD_WP
        kept |= P_DIRTY if self.sem.release.split_keeps_dirty else 0
        return prot_bits(vma) & ~P_YOUNG | flags & kept

    @rule("thp.split_dirty", "6.1 mm/huge_memory.c __split_huge_pmd_locked (SetPageDirty)")
    def thp_split_dirties(self) -> int:
        """The dirty bit of a split leaf becomes its page's."""
        return G_DIRTY

    @rule("batch.protect", "7.3 mm/mprotect.c change_pte_range (mprotect_folio_pte_batch)")
    def protect_merges(self) -> bool:
        """On some kernels protecting makes what maps a huge page in a row alike young and dirty."""
        return self.sem.release.protect_merges

    @rule("batch.move", "7.3 mm/mremap.c move_ptes (mremap_folio_pte_batch)")
    def move_merges(self) -> bool:
        """So does moving, of entries that are blocks already."""
        return self.sem.release.protect_merges

    @rule("contpte.fold", "7.3 arch/arm64/mm/contpte.c contpte_set_ptes, __contpte_try_fold")
    def folds_blocks(self) -> bool:
        """Entries that map a block of a huge page and are set together become one, on some."""
        return self.sem.contpte

    @rule("contpte.last", "7.3 arch/arm64/include/asm/pgtable.h contpte_try_fold (valign)")
    def folds_by_last(self, first_is_last: bool) -> bool:
        """A block's last entry makes one of all, where it is set alone, or all are one by one."""
        return first_is_last or not self.sem.release.protect_merges

    @rule("thp.split_page", "6.1 mm/huge_memory.c can_split_folio")
    def thp_splits_page(self, ref: int, mapped: int) -> bool:
        """A huge page that somebody holds is not split into pages."""
        return ref == mapped

    @rule("thp.split_zero", "6.1 mm/huge_memory.c remap_page")
    def thp_split_zeroes(self, empty: bool, locked: bool) -> bool:
        """A page that holds nothing but zeroes becomes the zero page when a huge one is split.

        On some kernels, but where memory is locked.
        """
        return self.sem.release.split_maps_zero and empty and not locked

    @rule("thp.remap", "6.1 mm/migrate.c remove_migration_pte, migration_entry_supports_ad")
    def thp_remapped_pte(self, flags: int) -> int:
        """Splitting a page leaves entries as young and dirty as they were, or forgets both."""
        return flags if self.sem.migration_bits else flags & ~(P_YOUNG | P_DIRTY)

    @rule("thp.free", "6.1 mm/huge_memory.c madvise_free_huge_pmd (total_mapcount)")
    def free_spares_leaf(self, mapped: int) -> bool:
        """MADV_FREE leaves a huge page alone that is mapped more than once, dirty or not."""
        return mapped != 1

    @rule("thp.free_small", "6.1 mm/madvise.c madvise_free_pte_range (folio_estimated_sharers)")
    def free_splits(self, mapped: int) -> bool:
        """MADV_FREE splits a huge page whose first page is mapped once; else it goes no further."""
        return mapped == 1

    @rule("thp.free_asked", "6.1 mm/madvise.c madvise_free_pte_range (folio_estimated_sharers)")
    def free_asks_page(self) -> bool:
        """Or, on some kernels, whose page at hand is."""
        return self.sem.release.free_asks_page

    @rule("thp.goes_on", "6.1 mm/madvise.c madvise_cold_or_pageout_pte_range")
    def advice_goes_on(self) -> bool:
        """FREE, COLD and PAGEOUT take a huge page whole that lies in their range, on some kernels.

        And they go on behind one that they cannot split.
        """
        return self.sem.release.advice_goes_on

    @rule("thp.alone", "6.1 include/linux/mm.h folio_estimated_sharers")
    def advice_splits(self, alone: bool, first: int, entire: int, total: int) -> bool:
        """What is split is alone by one page's mappings; on some kernels by all and the first's."""
        if not self.sem.release.advice_goes_on or self.sem.release.free_asks_page:
            return alone
        return total <= 1 or not (entire or total > HUGE_PAGES or first > 1)

    @rule("thp.touched", "6.1 mm/gup.c follow_hugetlb_page")
    def leaf_touched(self, hugetlb: bool) -> bool:
        """Leaves of hugetlb are marked on some kernels only."""
        return not hugetlb or self.sem.release.huge_heeds_vma

    @rule("thp.touch", "6.1 mm/huge_memory.c follow_trans_huge_pmd (FOLL_TOUCH), touch_pmd")
    def thp_followed_pte(self, flags: int, write: bool) -> int:
        """get_user_pages marks a leaf young, for WRITE dirty; x86-64 writes it for WRITE alone."""
        if write:
            return flags | P_YOUNG | P_DIRTY
        return flags | (P_YOUNG if self.sem.software_young else 0)

    @rule("thp.fast_zero", "6.1 mm/gup.c gup_huge_pmd, record_subpages (addr != end)")
    def leaf_takes_zero(self) -> bool:
        """A fast call with nr_pages 0 takes pages of a leaf: it does not, unlike those of PTEs."""
        return False
