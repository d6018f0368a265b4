"""Which shipped programs tell a flag of model/releases.py's values apart.

On a kernel that has the flag, each passes with its value and with no other release's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .releases import Release


@dataclass(frozen=True, slots=True)
class Telling:
    """What tells one flag.

    Attributes:
        programs: on each kernel that runs them one at least does.
        arch: the one architecture on which they do; "" for all.
        beside: another flag, and the value without which this one decides nothing.
    """

    programs: tuple[str, ...]
    arch: str = ""
    beside: tuple[str, int | str] | None = None

    def decides(self, release: Release) -> bool:
        """Does the flag decide anything on kernels of a release?"""
        return self.beside is None or getattr(release, self.beside[0]) == self.beside[1]


def _by(*names: str, arch: str = "", beside: tuple[str, int | str] | None = None) -> Telling:
    return Telling(tuple(f"programs/{name}.mm" for name in names), arch, beside)


TELLING: Mapping[str, Telling] = {
    "vmas": _by("get_user_pages/refused"),
    "foll_flags": _by("get_user_pages/refused"),
    "pin_get_error": _by("pin_user_pages/get_flag"),
    "one_check": _by("get_user_pages_unlocked/with_pin"),
    "fast_function": _by("get_user_pages_fast/invalid_flags"),
    "overflow_error": _by("get_user_pages/address_wrap"),
    "fast_only_errors": _by("get_user_pages_fast_only/negative"),
    "pins_zero": _by("pin_user_pages/zero_page"),
    "pairs_count_pins": _by("get_user_pages/driver_page"),
    "gup_grows_stack": _by("growsdown/gup"),
    "killed_huge_error": _by("hugetlb/killed"),
    "takes_vvar": _by("special/vvar"),
    "longterm_writes": _by("ext2/pin_longterm"),
    "longterm_copies": _by("ext2/pin_private"),
    "longterm_goes_on": _by(
        "pin_user_pages_fast/longterm_clean", "pin_user_pages_fast/longterm_sleeps"
    ),
    "fast_wants_mapping": _by("get_user_pages/driver_page"),
    "split_huge_error": _by("hugetlb/split_pmd"),
    "upgrades_private": _by("mprotect/round_trip"),
    "upgrades_clean": _by("mprotect/force_clean", beside=("upgrades_private", True)),
    "inserts_zero": _by("vm_insert_page/wrong_kinds"),
    "mixedmap_first": _by("vm_insert_page/wrong_kinds"),
    "frozen_objects": _by("vm_insert_page/wrong_kinds"),
    "dirties_reads": _by("punch/pages"),
    "drops_held_buffers": _by("ext2/held_buffers"),
    "rw_page": _by("mpage_readahead/rw_page"),
    "upgrades_leaf": _by("thp/protect", beside=("upgrades_private", True)),
    "protect_merges": _by("thp/protect_aged"),
    "protect_unaccounts": _by("mprotect/unaccount_grown"),
    "fixed_huge_error": _by("mmap/fixed_huge"),
    # Not on every line's arm64 does a userfaultfd write-protect.
    "uffd_finds_range": _by("blocking/errors"),
    "uffd_keeps_wp": _by("userfaultfd/wp_anon", arch="x86_64"),
    "mem_forces": _by("procmem/read"),
    "uffd_upgrades": _by("userfaultfd/wp_mprotect", arch="x86_64"),
    "uffd_protects_many": _by("userfaultfd/wp_errors", arch="x86_64"),
    "split_keeps_dirty": _by("thp/mremap_part"),
    "split_maps_zero": _by("thp/advice_part"),
    "copies_last_part": _by("thp/last_part"),
    "keeps_own_parts": _by("thp/fork", "thp/third"),
    "advice_goes_on": _by("thp/advice_shared", "thp/free_own_part", "thp/advice_whole"),
    "free_asks_page": _by(
        "thp/advice_shared", "thp/free_own_part", beside=("advice_goes_on", False)
    ),
    "pageout_ages": _by("reclaim/free"),
    "swaps_in_writable": _by("swap/twice"),
    "cow_frees_swap": _by("swap/held", "swap/held_written"),
    "freed_stays": _by("reclaim/free"),
    "swap_maps_first": _by("swap/locked_read", "swap/held_written", beside=("exclusive", True)),
    "swap_counts_maps": _by("swap/held_written"),
    "remap_keeps_special": _by("mremap/device"),
    "remap_looks_first": _by("mremap/several"),
    "remap_moves_many": _by("mremap/several"),
    "frees_tables": _by("thp/discarded_table"),
    "huge_forced": _by("hugetlb/get_user_pages"),
    "huge_heeds_vma": _by("hugetlb/fork_pinned_readonly", "hugetlb/get_user_pages"),
    "user_reads_again": _by("mpage_readahead/bad"),
    "mpage_stops": _by("mpage_readahead/error"),
    "leftovers_go": _by("mpage_readahead/leftovers", beside=("leftovers_stay", False)),
    "buffers_go_early": _by("mpage_readahead/uptodate_small"),
    "remap_marks_first": _by("remap_pfn_range/partial_zaps"),
    # Memory types are x86-64's alone, what an entry maps them by arm64's.
    "tracks_by_context": _by("remap_pfn_range/bar", arch="x86_64"),
    "phys_one_page": _by("access_process_vm/phys", beside=("arm64_asks_devices", True)),
    "phys_user_bits": _by(
        "access_process_vm/phys", arch="arm64", beside=("arm64_asks_devices", True)
    ),
    "guards": _by("madvise/guard"),
    "remote_untags": _by("access_process_vm/tagged", arch="arm64"),
    "populate_stops": _by("populate/hole", beside=("populates", True)),
    "populates": _by("driver/populate"),
    "dontneed_locked": _by("madvise/dontneed_locked"),
    # There is no vsyscall page elsewhere.
    "remote_gate": _by("access_process_vm/gate", arch="x86_64"),
    "remote_grows_later": _by("access_process_vm/stack", beside=("gup_grows_stack", False)),
    "zap_range": _by("zap_page_range/one"),
    "zap_single": _by("zap_page_range/one"),
    "zap_single_cuts": _by("zap_page_range/across", beside=("zap_single", True)),
    "zap_ptes_mixed": _by("vmf_insert_pfn/mixed"),
    "unmap_spares_unmapped": _by("unmap_mapping_range/driver_pages"),
    "follow_checks": _by("follow_pfn/pages"),
    "exclusive": _by("pin_user_pages/protect_round_trip"),
    "foll_cow": _by("get_user_pages/force_twice"),
    "special_pins": _by("pin_user_pages/frames"),
    "thp_counts_maps": _by("thp/fork"),
    "huge_fork_copies": _by("pin_user_pages/hugetlb"),
    "huge_dontneed": _by("madvise/dontneed_locked_huge"),
    "huge_remap": _by("mremap/hugetlb"),
    "leftovers_stay": _by("mpage_readahead/leftovers"),
    "pread_batches": _by("mpage_readahead/error"),
    "pread_reads_end": _by("ext2/pread"),
    "arm64_asks_devices": _by("access_process_vm/device", arch="arm64"),
    "uffd_copy_beyond": _by("blocking/files"),
    "uffd_continue_beyond": _by("userfaultfd/minor", beside=("uffd_minor", True)),
    "uffd_minor": _by("userfaultfd/minor"),
    "uffd_refuses_wp": _by("userfaultfd/wp_lacking", arch="arm64"),
    "uffd_wp_files": _by("userfaultfd/wp_file", arch="x86_64"),
    "swapoff_keeps_marks": _by("swap/uffd_wp_off", arch="x86_64"),
    "uffd_moves_marks": _by("userfaultfd/wp_move", arch="x86_64"),
}


def programs(flags: Iterable[str] = TELLING) -> tuple[str, ...]:
    """The programs that tell some flags, each once."""
    return tuple(dict.fromkeys(name for flag in flags for name in TELLING[flag].programs))
