"""What version lines of the kernel decide differently: one frozen record each.

Flags are named by what they decide; their values are 6.1's unless a record says
otherwise. Nothing else of the model knows of versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..abi import Foll
from ..environment import nearest_line
from ..errors import UsageError

EINTR, ENOMEM, EFAULT, EINVAL, EOVERFLOW, EOPNOTSUPP = 4, 12, 14, 22, 75, 95


@dataclass(frozen=True, slots=True)
class Release:
    """One version line's decisions.

    Attributes:
        vmas: get_user_pages, its remote form and pin_user_pages fill an array of VMAs (mm/gup.c;
            until 6.5: 54d020692b34 "mm/gup: remove unused vmas parameter from get_user_pages()").
        foll_flags: the abi.Foll bits there are (include/linux/mm_types.h FOLL_*; FOLL_PCI_P2PDMA
            from 6.2 on: 4003f107fa2e).
        pin_get_error: what pin_user_pages makes of flags that it cannot have (mm/gup.c
            pin_user_pages; from 6.3 on is_valid_gup_args says no, and the call 0).
        one_check: one function warns of all flags that a call cannot have, PIN and LONGTERM of
            every call (mm/gup.c is_valid_gup_args, since 6.3; before, is_valid_gup_flags and the
            calls themselves).
        fast_function: the one that warns of flags of fast calls (mm/gup.c
            internal_get_user_pages_fast, since 6.10 gup_fast_fallback).
        overflow_error: of a fast call whose range wraps (mm/gup.c gup_fast_fallback; it was
            internal_get_user_pages_fast, which said 0).
        fast_only_errors: get_user_pages_fast_only returns an errno (mm/gup.c
            get_user_pages_fast_only; before, it made every one 0).
        pins_zero: pins of the zero page are counted (mm/gup.c try_grab_folio; not any more since
            c8070b787519 "mm: Don't pin ZERO_PAGE in pin_user_pages()", 6.5, which 6.1 has too).
        pairs_count_pins: a compound page of two pages counts pins apart, as larger ones do
            (include/linux/mm.h hpage_pincount_available; since 5.18: 5232c63f46fd "mm: Make
            compound_pincount always available").
        gup_grows_stack: get_user_pages grows a stack (mm/gup.c __get_user_pages, find_extend_vma;
            until 6.5: 8d7071af8907 "mm: always expand the stack with the mmap write lock held",
            which 6.1 has too; 6.12 says so in the log). There access_remote_vm, which comes to it
            first elsewhere, grows none for no bytes.
        killed_huge_error: with SIGKILL pending, of a mapping of hugetlb (mm/hugetlb.c
            follow_hugetlb_page; __get_user_pages since 6.6: "mm/gup: retire
            follow_hugetlb_page()").
        takes_vvar: get_user_pages takes the vvar page, which is VM_MIXEDMAP alone
            (lib/vdso/datastore.c vdso_install_vvar_mapping, 7.3).
        longterm_writes: a LONGTERM pin may write to a shared file whose writes the file system
            is told of (mm/gup.c writable_file_mapping_allowed; not since 6.5: 8ac268436e6d "mm/gup:
            disallow FOLL_LONGTERM GUP-nonfast writing to file-backed mappings").
        longterm_copies: a LONGTERM pin for reading breaks COW of a private mapping early
            (mm/internal.h gup_must_unshare; since 6.2: 84209e87c696 "mm/gup: reliable R/O
            long-term pinning in COW mappings").
        longterm_goes_on: the slow path of a fast LONGTERM pin is that of any other: it marks
            pages, and may sleep (mm/gup.c gup_fast_fallback; since 6.3; before,
            __gup_longterm_unlocked).
        fast_wants_mapping: the lockless walk leaves a small page without a mapping, which could be
            a secret one (mm/gup.c gup_fast_folio_allowed, CONFIG_SECRETMEM; 6.10 to 7.2).
        split_huge_error: of FOLL_SPLIT_PMD for hugetlb (mm/gup.c check_vma_flags; since 6.6:
            "mm/gup: retire follow_hugetlb_page()").
        upgrades_private: mprotect makes an entry of a private mapping writable at once
            (mm/mprotect.c can_change_pte_writable; since 6.0: 64fe24a3e05e "mm/mprotect: try
            avoiding write faults for exclusive anonymous pages when changing protection").
        upgrades_clean: a clean one too (6.2: d84887739d5c "mm/mprotect: allow clean exclusive anon
            pages to be writable").
        upgrades_leaf: and a leaf of a huge page (mm/huge_memory.c change_huge_pmd; since 6.2:
            c27f479ef542 "mm/huge_memory: try avoiding write faults when changing PMD protection").
        uffd_finds_range: registering where no mapping is is -EINVAL, whatever lies above
            (mm/userfaultfd.c userfaultfd_register, vma_find; before 6.2 find_vma, and -ENOMEM).
        uffd_keeps_wp: memory that is registered with WP cannot be registered without, -EBUSY
            (mm/userfaultfd.c userfaultfd_register, 7.3).
        uffd_upgrades: so does the end of userfaultfd's write protection, which gives entries what
            the mapping's have at first (mm/userfaultfd.c uffd_wp_range; since 6.3: 931298e103c2
            "mm/userfaultfd: rely on vma->vm_page_prot in uffd_wp_range()").
        uffd_protects_many: UFFDIO_WRITEPROTECT goes through all mappings of its range
            (mm/userfaultfd.c mwriteprotect_range; since 6.3: "mm/userfaultfd: support operation on
            multiple VMAs").
        protect_merges: mprotect takes entries that map a huge page in a row at once, and makes them
            alike young and dirty (mm/mprotect.c change_pte_range, modify_prot_start_ptes; since
            6.17: cac1db8c3aad "mm: optimize mprotect() by PTE batching"); so does mremap with
            those that arm64 made one (mm/mremap.c move_ptes).
        protect_unaccounts: mprotect takes untouched memory that becomes read-only off what is
            committed (mm/mprotect.c mprotect_fixup; since 6.7).
        fixed_huge_error: of MAP_FIXED over a part of a huge page of hugetlb (mm/mmap.c
            __mmap_region; munmap's own since 6.12, mm/vma.c vms_gather_munmap_vmas).
        inserts_zero: vm_insert_page takes the zero page as any other, references and all
            (mm/memory.c insert_page_into_pte_locked, vm_mixed_zeropage_allowed; until 6.11:
            "mm/memory: cleanly support zeropage in vm_insert_page*(), vm_map_pages*() and
            vmf_insert_mixed()").
        mixedmap_first: vm_insert_page makes a mapping VM_MIXEDMAP before it looks at the page
            (mm/memory.c vm_insert_page, which asks page_count() first on 5.10 and 6.1).
        frozen_objects: pages of a slab and of kmalloc have no reference (mm/slub.c allocate_slab,
            ___kmalloc_large_node, 7.x).
        dirties_reads: a read fault makes an entry that can be written dirty, if its page is
            (mm/memory.c set_pte_range, 7.x).
        split_keeps_dirty: entries that a leaf is split into are as dirty as it was
            (mm/huge_memory.c __split_huge_pmd_locked; since 6.4: "mm/huge_memory: revert "Partly
            revert "mm/thp: carry over dirty bit when thp splits on pmd"").
        copies_last_part: a write copies a part of a huge page also where nobody else has anything
            of that (mm/memory.c wp_can_reuse_anon_folio, folio_test_large; 6.12).
        keeps_own_parts: unless more of it is mapped, and all references to it are mappings of this
            process (mm/memory.c __wp_can_reuse_large_anon_folio; since 6.15: 1da190f4d0a6 "mm:
            Copy-on-Write (COW) reuse support for PTE-mapped THP").
        split_maps_zero: where a huge page is split, what of it holds nothing becomes the zero page
            (mm/migrate.c try_to_map_unused_to_zeropage; since 6.12: b1f202060afe "mm: remap
            unused subpages to shared zeropage when splitting isolated thp").
        advice_goes_on: MADV_FREE, COLD and PAGEOUT take a huge page whole that lies in their range,
            and go on behind one that they cannot split (mm/madvise.c madvise_folio_pte_batch;
            since 6.10).
        free_asks_page: MADV_FREE of a page of a huge one asks how often that page is mapped, not
            the huge one's first (mm/madvise.c madvise_free_pte_range; until 6.3: "madvise: convert
            madvise_free_pte_range() to use a folio", which 6.1 has too).
        freed_stays: a page of MADV_FREE that is clean, and that somebody holds, stays freed where
            reclaim cannot take it (mm/rmap.c ttu_anon_lazyfree_folio, 7.x; before, it became one
            as any other).
        pageout_ages: MADV_PAGEOUT makes entries old (mm/madvise.c
            madvise_cold_or_pageout_pte_range; COLD alone since 6.10).
        drops_held_buffers: dropping caches takes its buffers off a page that somebody holds, too
            (mm/truncate.c invalidate_complete_page; until 5.18: "mm/truncate: Replace page_mapped()
            call in invalidate_inode_page()").
        rw_page: a disk may take whole pages without a bio (fs/mpage.c do_mpage_readpage; until
            6.3: 3222d8c2a7f8 "block: remove ->rw_page").
        huge_forced: FORCE writes to read-only huge pages of hugetlb (mm/gup.c check_vma_flags; not
            in 6.1 and 6.12: 1d8d14641fd9 "mm/hugetlb: support write-faults in shared mappings").
        huge_heeds_vma: an entry of hugetlb becomes writable, and dirty, only where the mapping is
            writable (mm/hugetlb.c set_huge_ptep_maybe_writable, make_huge_pte, 7.x); and
            get_user_pages marks it young and dirty as others (mm/gup.c follow_huge_pmd), which
            only such an entry shows.
        user_reads_again: a process's own fault on a page that cannot be read is first tried with
            the VMA's lock alone (arch/x86/mm/fault.c do_user_addr_fault; mm/filemap.c
            filemap_fault; since 6.7: 12214eba1992 "mm: handle read faults under the VMA lock").
        mpage_stops: mpage_readahead stops at a page that it could not read at once (fs/mpage.c
            mpage_readahead, 7.x).
        leftovers_go: all pages that ->readahead left alone leave the cache (mm/readahead.c
            read_pages, 7.x; before, as many as were asynchronous).
        buffers_go_early: a page that is read by its buffers has each block's bio sent when the
            next block was found (fs/buffer.c block_read_full_folio, 7.x; before, at last).
        remap_marks_first: remap_pfn_range looks at a private mapping's range, and gives a mapping
            its flags, before anything else (mm/memory.c remap_pfn_range_prepare_vma, 7.x; before,
            remap_pfn_range_notrack, which zaps what it turns down).
        tracks_by_context: what memory type frames are mapped as is kept by something that all
            parts and copies of a mapping share (mm/memory.c pfnmap_track_ctx_alloc; since 6.16:
            "mm: convert VM_PFNMAP tracking to pfnmap_track() + pfnmap_untrack()"; before, VM_PAT).
        phys_one_page: generic_access_phys ends with the page, and turns down memory without a
            warning (mm/memory.c generic_access_phys, 7.3).
        phys_user_bits: on arm64 it maps a frame with all bits of the user's entry (arch/arm64/
            include/asm/io.h ioremap_prot; not any more in 6.12.117 and 7.x, which take the memory
            type alone, and nothing that the user cannot access).
        remap_keeps_special: mremap does not grow a mapping in place that is VM_IO or VM_MIXEDMAP
            (mm/vma.c vma_merge_new_range, VM_SPECIAL; since 6.12: cacded5e42b9 "mm: avoid using
            vma_merge() for new VMAs"; in 6.1 mremap itself extends what has a ->close).
        remap_looks_first: mremap looks at what it is to move before it unmaps the new place
            (mm/mremap.c check_prep_vma; since 6.17; before, vma_to_resize behind do_munmap).
        remap_moves_many: mremap moves several mappings at once, if it is not to change their size
            (mm/mremap.c remap_move; since 6.17: d23cb648e365 "mm/mremap: permit mremap() move of
            multiple VMAs").
        swaps_in_writable: a page that is swapped in for a read is mapped writable where nobody
            else has it (mm/memory.c do_swap_page; since 6.11: c18160dba5ff "mm: swap: reuse
            exclusive folio directly instead of wp page faults").
        cow_frees_swap: copying a page takes the old one out of the swap cache if nobody maps it any
            more (mm/memory.c wp_page_copy; since 5.14: f4c4a3f48480 "mm: free idle swap cache page
            after COW").
        swap_counts_maps: a swapped page is written in place by its last mapping or entry, whoever
            holds it (mm/memory.c do_swap_page, reuse_swap_page; until 5.18: c145e0b47c77 "mm:
            streamline COW logic in do_swap_page()").
        populates: there is MADV_POPULATE_READ and _WRITE (mm/madvise.c; from 5.14 on:
            4ca9b3859dac "mm/madvise: introduce MADV_POPULATE_(READ|WRITE)").
        populate_stops: both end at the first hole (mm/madvise.c madvise_populate, which since 6.9
            goes through mappings itself: 631426ba1d45 "mm/madvise: make
            MADV_POPULATE_(READ|WRITE) handle VM_FAULT_RETRY properly").
        dontneed_locked: there is MADV_DONTNEED_LOCKED (mm/madvise.c; from 5.18 on: 9457056ac426
            "mm: madvise: MADV_DONTNEED_LOCKED").
        frees_tables: MADV_DONTNEED of all that a page table maps frees the table, if nothing stays
            in it (mm/memory.c zap_pte_range; since 6.14: "mm: pgtable: reclaim empty PTE page in
            madvise(MADV_DONTNEED)").
        guards: there is MADV_GUARD_INSTALL (mm/madvise.c madvise_guard_install; from 6.13 on:
            662df3e5c376 "mm: madvise: implement lightweight guard page mechanism").
        remote_gate: access_remote_vm reads the vsyscall page
            (mm/memory.c __access_remote_vm, which since 6.1 asks vma_lookup() first).
        mem_forces: /proc/PID/mem goes past access rights for anybody, unless configured otherwise
            (security/Kconfig PROC_MEM_ALWAYS_FORCE; in 7.x PROC_MEM_FORCE_PTRACE is the default,
            and only a tracer does: fs/proc/base.c proc_mem_foll_force).
        remote_untags: it looks through an address's tag (the same; since 6.4, "mm: Introduce
            untagged_addr_remote()"; 5.10 leaves that to get_user_pages, which it asks first).
        remote_grows_later: it grows a stack also where it comes to one in its middle (the same;
            6.1 asks expand_stack() for its first byte alone).
        zap_range: there is zap_page_range (mm/memory.c; until 6.3: e9adcfecf572).
        zap_single: there is zap_page_range_single, or zap_vma_range (mm/memory.c), and the module
            can find it.
        zap_single_cuts: it cuts a range to its VMA (mm/memory.c unmap_single_vma), and so may be
            given any.
        zap_ptes_mixed: zap_vma_ptes, which is zap_special_vma_range, zaps VM_MIXEDMAP too
            (mm/memory.c zap_special_vma_range).
        unmap_spares_unmapped: without even_cows pages of no file's cache stay, a driver's above all
            (mm/memory.c zap_pte_range; since 5.18 only anonymous ones: "mm: change
            zap_details.zap_mapping into even_cows").
        follow_checks: follow_pfn, which is follow_pfnmap_start, looks whether the mapping has the
            address (mm/memory.c follow_pfnmap_start, 6.12: 6da8e9634bb7).
        exclusive: an anonymous page says whether it is one process's alone, which decides over
            copying it (mm/memory.c do_wp_page, PageAnonExclusive; since 5.19: 6c287605fd56 "mm:
            remember exclusively mapped anonymous pages with PG_anon_exclusive"; before, its
            references and mappings are counted).
        foll_cow: FORCE writes to a page that the same call has just copied, and to no other
            (mm/gup.c can_follow_write_pte, FOLL_COW; until 6.1: 5535be309971 "mm/gup: fix
            FOLL_FORCE COW security issue and remove FOLL_COW").
        special_pins: a frame that is no page to the kernel counts for pins, without a page, and
            is -EFAULT to others (mm/gup.c follow_pfn_pte; until 5.17: 65462462ffb2 "mm/gup:
            follow_pfn_pte(): -EEXIST cleanup").
        thp_counts_maps: a leaf that is mapped once is written in place, whoever holds it
            (mm/huge_memory.c do_huge_pmd_wp_page, reuse_swap_page; until 5.18: 3bff7e3f1f16
            "mm/huge_memory: streamline COW logic in do_huge_pmd_wp_page()").
        huge_fork_copies: fork copies a pinned huge page of hugetlb (mm/hugetlb.c
            copy_hugetlb_page_range; since 5.12: 4eae4efa2c29 "hugetlb: do early cow when page
            pinned on src mm").
        huge_dontneed: MADV_DONTNEED takes those (mm/madvise.c madvise_dontneed_free_valid_vma;
            since 5.18: 90e7e7f5ef3f "mm: enable MADV_DONTNEED for hugetlb mappings").
        huge_remap: mremap moves those, and looks for a mapping before anything else (mm/mremap.c
            mremap; since 5.16: 550a7d60bd5e "mm, hugepages: add mremap() support for hugepage
            backed vma"; before, vma_to_resize behind do_munmap of the new place).
        leftovers_stay: a page that ->readahead left alone stays in the cache (mm/readahead.c
            read_pages; until 5.18: 9fd472af84ab "mm: improve cleanup when ->readpages doesn't
            process all pages").
        pread_batches: pread finds several pages at once, and reads those (mm/filemap.c
            filemap_read; since 5.11: cbd59c48ae2b "mm/filemap: use head pages in
            generic_file_buffered_read()"; before, one behind the other. So is on 7.x one that has
            to be read, behind others that need not: filemap_get_pages, -EAGAIN).
        pread_reads_end: pread that comes to the end of a file on a disk looks for the page there
            before it asks for the size, and leaves it in the cache (mm/filemap.c
            generic_file_buffered_read in 5.10; filemap_read asks first).
        arm64_asks_devices: on arm64 access_remote_vm asks a driver's ->access, as it does on x86-64
            (mm/memory.c __access_remote_vm, CONFIG_HAVE_IOREMAP_PROT; since 6.0: f23eab0bfaef
            "arm64: mm: Convert to GENERIC_IOREMAP").
        uffd_minor: a userfaultfd has the mode MINOR (fs/userfaultfd.c userfaultfd_register; since
            5.13: 7677f7fd8be7 "userfaultfd: add minor fault registration mode").
        uffd_refuses_wp: memory cannot be registered with WP where the architecture knows no such
            entries (fs/userfaultfd.c userfaultfd_register, CONFIG_HAVE_ARCH_USERFAULTFD_WP; since
            5.14: 00b151f21f39 "mm/userfaultfd: fail uffd-wp registration if not supported"; before,
            it is, and an entry loses its write bit alone).
        uffd_wp_files: it can write-protect memory that has a file, and hugetlb's (fs/userfaultfd.c
            vma_can_userfault; since 5.19: b1f9e876862d "mm/uffd: enable write protection for
            shmem & hugetlbfs"; before, only anonymous memory, which needs no markers).
        swap_maps_first: a page from swap is mapped before it may leave the swap cache, so that only
            what was exclusive is again, and leaves it for a write (mm/memory.c do_swap_page,
            should_try_to_free_swap; since 7.0: 4b34f1d82c65 "mm, swap: free the swap cache after
            folio is mapped").
        swapoff_keeps_marks: swapoff brings back protected what was protected in swap (mm/swapfile.c
            unuse_pte; since 5.19: 14a762dd1977 "mm/swapfile: fix lost swap bits in unuse_pte()").
        uffd_copy_beyond: of filling in a page behind the end of a shared file (mm/shmem.c
            shmem_mfill_folio_alloc, 7.3; before, shmem_mfill_atomic_pte).
        uffd_continue_beyond: of going on with a page there (mm/userfaultfd.c
            mfill_atomic_pte_continue, 7.3: whatever became of looking for it).
        uffd_moves_marks: mremap takes protection along (mm/mremap.c move_ptes; until 6.13:
            0cef0bb836e3 "mm: clear uffd-wp PTE/PMD state on mremap()", which 6.1 has too).
    """

    vmas: bool = True
    foll_flags: int = int(~Foll.PCI_P2PDMA)
    pin_get_error: int = -EINVAL
    one_check: bool = False
    fast_function: str = "internal_get_user_pages_fast"
    overflow_error: int = 0
    fast_only_errors: bool = False
    pins_zero: bool = False
    pairs_count_pins: bool = True
    gup_grows_stack: bool = False
    killed_huge_error: int = -EFAULT
    takes_vvar: bool = False
    longterm_writes: bool = True
    longterm_copies: bool = False
    longterm_goes_on: bool = False
    fast_wants_mapping: bool = False
    split_huge_error: int = 0
    upgrades_private: bool = True
    upgrades_clean: bool = False
    upgrades_leaf: bool = False
    uffd_finds_range: bool = False
    uffd_keeps_wp: bool = False
    uffd_upgrades: bool = False
    uffd_protects_many: bool = False
    protect_merges: bool = False
    protect_unaccounts: bool = False
    fixed_huge_error: int = -ENOMEM
    inserts_zero: bool = True
    mixedmap_first: bool = False
    frozen_objects: bool = False
    dirties_reads: bool = False
    split_keeps_dirty: bool = False
    copies_last_part: bool = False
    keeps_own_parts: bool = False
    split_maps_zero: bool = False
    advice_goes_on: bool = False
    free_asks_page: bool = False
    freed_stays: bool = False
    pageout_ages: bool = True
    drops_held_buffers: bool = False
    rw_page: bool = True
    huge_forced: bool = False
    huge_heeds_vma: bool = False
    user_reads_again: bool = False
    mpage_stops: bool = False
    leftovers_go: bool = False
    buffers_go_early: bool = False
    remap_marks_first: bool = False
    tracks_by_context: bool = False
    phys_one_page: bool = False
    phys_user_bits: bool = True
    remap_keeps_special: bool = False
    remap_looks_first: bool = False
    remap_moves_many: bool = False
    swaps_in_writable: bool = False
    cow_frees_swap: bool = True
    swap_counts_maps: bool = False
    swap_maps_first: bool = False
    populates: bool = True
    populate_stops: bool = False
    dontneed_locked: bool = True
    frees_tables: bool = False
    guards: bool = False
    mem_forces: bool = True
    remote_gate: bool = False
    remote_untags: bool = False
    remote_grows_later: bool = False
    zap_range: bool = True
    zap_single: bool = True
    zap_single_cuts: bool = True
    zap_ptes_mixed: bool = False
    unmap_spares_unmapped: bool = False
    follow_checks: bool = False
    exclusive: bool = True
    foll_cow: bool = False
    special_pins: bool = False
    thp_counts_maps: bool = False
    huge_fork_copies: bool = True
    huge_dontneed: bool = True
    huge_remap: bool = True
    leftovers_stay: bool = False
    pread_batches: bool = True
    pread_reads_end: bool = False
    arm64_asks_devices: bool = True
    uffd_minor: bool = True
    uffd_refuses_wp: bool = True
    uffd_wp_files: bool = True
    swapoff_keeps_marks: bool = True
    uffd_copy_beyond: int = -EFAULT
    uffd_continue_beyond: int = -EINVAL
    uffd_moves_marks: bool = False


RELEASES = {
    "5.10": Release(
        pins_zero=True,
        pairs_count_pins=False,
        gup_grows_stack=True,
        upgrades_private=False,
        free_asks_page=True,
        drops_held_buffers=True,
        cow_frees_swap=False,
        swap_counts_maps=True,
        populates=False,
        dontneed_locked=False,
        remote_gate=True,
        remote_untags=True,
        remote_grows_later=True,
        zap_single=False,
        unmap_spares_unmapped=True,
        exclusive=False,
        foll_cow=True,
        special_pins=True,
        thp_counts_maps=True,
        huge_forced=True,
        huge_fork_copies=False,
        huge_dontneed=False,
        huge_remap=False,
        leftovers_stay=True,
        pread_batches=False,
        pread_reads_end=True,
        arm64_asks_devices=False,
        uffd_minor=False,
        uffd_refuses_wp=False,
        uffd_wp_files=False,
        swapoff_keeps_marks=False,
        uffd_moves_marks=True,
    ),
    "6.1": Release(),
    "6.12": Release(
        vmas=False,
        foll_flags=-1,
        pin_get_error=0,
        one_check=True,
        fast_function="gup_fast_fallback",
        overflow_error=-EOVERFLOW,
        fast_only_errors=True,
        killed_huge_error=-EINTR,
        longterm_writes=False,
        longterm_copies=True,
        longterm_goes_on=True,
        fast_wants_mapping=True,
        split_huge_error=-EOPNOTSUPP,
        upgrades_clean=True,
        upgrades_leaf=True,
        uffd_finds_range=True,
        uffd_upgrades=True,
        uffd_protects_many=True,
        protect_unaccounts=True,
        fixed_huge_error=-EINVAL,
        inserts_zero=False,
        mixedmap_first=True,
        split_keeps_dirty=True,
        copies_last_part=True,
        split_maps_zero=True,
        advice_goes_on=True,
        pageout_ages=False,
        rw_page=False,
        swaps_in_writable=True,
        populate_stops=True,
        user_reads_again=True,
        phys_user_bits=False,
        remap_keeps_special=True,
        remote_untags=True,
        remote_grows_later=True,
        zap_range=False,
        follow_checks=True,
    ),
    "7.3": Release(
        vmas=False,
        foll_flags=-1,
        pin_get_error=0,
        one_check=True,
        fast_function="gup_fast_fallback",
        overflow_error=-EOVERFLOW,
        fast_only_errors=True,
        killed_huge_error=-EINTR,
        takes_vvar=True,
        longterm_writes=False,
        longterm_copies=True,
        longterm_goes_on=True,
        split_huge_error=-EOPNOTSUPP,
        upgrades_clean=True,
        upgrades_leaf=True,
        uffd_finds_range=True,
        uffd_keeps_wp=True,
        uffd_upgrades=True,
        uffd_protects_many=True,
        protect_merges=True,
        protect_unaccounts=True,
        fixed_huge_error=-EINVAL,
        inserts_zero=False,
        mixedmap_first=True,
        frozen_objects=True,
        dirties_reads=True,
        split_keeps_dirty=True,
        copies_last_part=True,
        keeps_own_parts=True,
        split_maps_zero=True,
        advice_goes_on=True,
        freed_stays=True,
        pageout_ages=False,
        rw_page=False,
        huge_forced=True,
        huge_heeds_vma=True,
        swaps_in_writable=True,
        populate_stops=True,
        swap_maps_first=True,
        user_reads_again=True,
        mpage_stops=True,
        leftovers_go=True,
        buffers_go_early=True,
        remap_marks_first=True,
        tracks_by_context=True,
        phys_one_page=True,
        phys_user_bits=False,
        remap_keeps_special=True,
        remap_looks_first=True,
        remap_moves_many=True,
        frees_tables=True,
        guards=True,
        mem_forces=False,
        remote_untags=True,
        remote_grows_later=True,
        zap_range=False,
        zap_single_cuts=False,
        zap_ptes_mixed=True,
        follow_checks=True,
        pread_batches=False,
        uffd_copy_beyond=-ENOMEM,
        uffd_continue_beyond=-EFAULT,
    ),
}


def nearest(line: str) -> str:
    """The version line known here that is the fewest releases away; of two the older one.

    Args:
        line: "6.5".
    """
    return nearest_line(line, RELEASES)


def values_of(flag: str) -> list[int | str]:
    """What the known releases make of a flag, each value once, in their order."""
    return list(dict.fromkeys(getattr(release, flag) for release in RELEASES.values()))


def with_flags(release: Release, flags: Mapping[str, int | str]) -> Release:
    """A release with other values of some flags.

    Raises:
        UsageError: a flag that there is not, or a value of another kind.
    """
    for name, value in flags.items():
        if name not in Release.__slots__ or type(value) is not type(getattr(release, name)):
            raise UsageError(
                f"no flag {name}={value!r} here: another pagelab has probed this kernel; "
                "probe it again"
            )
    return replace(release, **dict(flags)) if flags else release  # type: ignore[arg-type]
