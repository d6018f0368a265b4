"""How environments differ: one named flag a difference, each with its source.

The model never asks for a version or an architecture, only for a flag.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..abi import PAGE_SHIFT, PAGE_SIZE
from ..environment import HUGE_POOL, Environment
from ..errors import UsageError
from .releases import RELEASES, Release, with_flags


@dataclass(frozen=True, slots=True)
class Semantics:
    """One environment's flags, and what its guest said of itself.

    Attributes:
        release: what its version line decides.
        task_size: first address that no user can map (TASK_SIZE_MAX), bytes.
        table_span: bytes that one last-level page table maps (PMD_SIZE).
        gup_capacity: length of pages[] in the module.
        huge_pool: huge pages that hugetlb has (boot parameter hugepages=).
        tagged_addresses: the top byte of an address is ignored
            (arch/arm64/include/asm/uaccess.h untagged_addr; x86-64 6.1 has none).
        exec_only_readable: an exec-only page can be read: x86-64 without
            protection keys (arch/x86/mm/pkeys.c), arm64 without EPAN
            (arch/arm64/mm/fault.c do_page_fault, mm/mmap.c protection_map).
        software_young: an entry's young bit is written for the kernel's own reads;
            x86-64 leaves it to the processor (arch/x86/mm/pgtable.c
            pmdp_set_access_flags, arch/arm64/mm/fault.c ptep_set_access_flags).
        gate_page: the vsyscall page can be read (arch/x86/entry/vsyscall/vsyscall_64.c
            vsyscall=emulate; arm64 has none).
        split_rss: a task keeps its last changes of RSS to itself
            (include/linux/mm_types_task.h SPLIT_RSS_COUNTING, with CONFIG_NR_CPUS of 4 or more).
        ioremap_warning: the file, and the function by its names, that warn where RAM is to be
            mapped as device memory (arch/x86/mm/ioremap.c, arch/arm64/mm/ioremap.c).
        ioremap_warns_once: by WARN_ONCE, as on x86-64; else every time.
        phys_by_entry: what generic_access_phys maps for the kernel depends on more of the user's
            entry than its memory type (arch/arm64/include/asm/io.h ioremap_prot).
        pan: the kernel faults at what a user could touch (arm64 PAN).
        drained_each: LRU batches are emptied after every operation, because a
            snapshot drains them (mm/swap.c lru_add_drain); with one snapshot at
            the end a page may keep a batch's reference.
        stack_gap: pages that stay free below a growing stack (boot parameter
            stack_guard_gap=, mm/mmap.c).
        stack_limit: pages of the largest stack (RLIMIT_STACK as
            include/asm-generic/resource.h has it for process 1).
        old_neighbours: what a read fault maps beside its page is not young
            (arch/arm64/include/asm/pgtable.h arch_wants_old_prefaulted_pte: with hardware that
            sets the young bit).
        hwpoison_code: si_code of a user's access at which a driver's ->fault says that the
            page is poisoned: BUS_MCEERR_AR, on x86-64 only with CONFIG_MEMORY_FAILURE
            (arch/x86/mm/fault.c do_sigbus, arch/arm64/mm/fault.c do_page_fault).
        uffd_wp: a userfaultfd can write-protect pages
            (CONFIG_HAVE_ARCH_USERFAULTFD_WP; 5.10 and 6.1 have it on x86-64 alone).
        swap: pages can be swapped (CONFIG_SWAP).
        migration_bits: entries that are taken away for a moment, as where a huge page is split,
            come back as young and dirty as they were (mm/swapfile.c swap_migration_ad_supported,
            since 6.1: 2e3468778dbe "mm: remember young/dirty bit for page migrations"; not
            where L1TF leaves swap too little room on x86-64, arch_max_swapfile_size).
        ext4: the disk's file system, ext2, is served by ext4 (CONFIG_EXT4_USE_FOR_EXT2): pages get
            buffers when they are first written to (fs/ext4/inode.c ext4_page_mkwrite), a file that
            grows is not looked at (ext4_setattr), and what leads to its blocks is remembered, and
            lies elsewhere (fs/ext4/extents_status.c, fs/ext4/mballoc.c).
        proc_mem_force: /proc/PID/mem goes past access rights
            (CONFIG_PROC_MEM_ALWAYS_FORCE, boot parameter proc_mem.force_override=).
        write_combining: there is such a memory type: on x86-64 only with PAT
            (arch/x86/mm/pat/memtype.c pgprot_writecombine), and with a firmware that has
            set it up (pat_bp_init), else it is uncached.
        write_through: the same of that one, which arm64 has not.
        tracks_types: what type frames of devices are mapped as is kept, and decides what
            later mappings get (arch/x86/mm/pat/memtype.c, with PAT enabled).
        marks_tracked: what is mapped whole is marked for that (VM_PAT), also where PAT is disabled
            and no type is kept (CONFIG_X86_PAT; 5.10 disables it where the firmware leaves MTRRs
            so: arch/x86/kernel/cpu/mtrr/mtrr.c mtrr_bp_init).
        keeps_type: pte_modify() leaves an entry its memory type (arch/x86/include/asm/
            pgtable_types.h _PAGE_CHG_MASK; arch/arm64/include/asm/pgtable.h PTE_ATTRINDX_MASK).
        contpte: entries of a huge page are kept in blocks that have one young and one dirty bit
            (CONFIG_ARM64_CONTPTE, since 6.9).
        rom: frames 0xf0 to 0xff are a ROM with struct pages (arch/x86/kernel/e820.c).
    """

    release: Release = RELEASES["6.1"]
    task_size: int = (1 << 47) - PAGE_SIZE
    table_span: int = 1 << 21
    gup_capacity: int = 512
    huge_pool: int = HUGE_POOL
    tagged_addresses: bool = False
    exec_only_readable: bool = True
    software_young: bool = False
    gate_page: bool = True
    split_rss: bool = False
    ioremap_warning: tuple[str, tuple[str, ...]] = (
        "arch/x86/mm/ioremap.c",
        ("__ioremap_caller",),
    )
    ioremap_warns_once: bool = True
    phys_by_entry: bool = False
    pan: bool = False
    drained_each: bool = True
    stack_gap: int = 256
    stack_limit: int = (8 << 20) >> PAGE_SHIFT
    old_neighbours: bool = False
    hwpoison_code: int = 2
    uffd_wp: bool = True
    swap: bool = True
    migration_bits: bool = True
    ext4: bool = False
    proc_mem_force: bool = True
    write_combining: bool = False
    write_through: bool = True
    tracks_types: bool = True
    marks_tracked: bool = True
    keeps_type: bool = True
    rom: bool = True
    contpte: bool = False

    @property
    def phys_keeps_bits(self) -> bool:
        """generic_access_phys maps a frame for the kernel with all bits of the user's entry."""
        return self.phys_by_entry and self.release.phys_user_bits

    @property
    def asks_devices(self) -> bool:
        """access_remote_vm asks a driver's ->access (CONFIG_HAVE_IOREMAP_PROT)."""
        return not self.phys_by_entry or self.release.arm64_asks_devices

    @property
    def phys_wants_user(self) -> bool:
        """It maps nothing that the user's entry does not let him access."""
        return self.phys_by_entry and not self.release.phys_user_bits


_DEFAULT = Semantics()
BUS_ADRERR, BUS_MCEERR_AR = 2, 4
FEATURE_PKU = 1
FEATURE_EPAN = 2
FEATURE_HW_AF = 4
FEATURE_GATE = 16
FEATURE_SPLIT_RSS = 32
FEATURE_UFFD_WP = 64
FEATURE_WC = 128
FEATURE_PAN = 256
FEATURE_SWAP = 512
FEATURE_WT = 1024
FEATURE_PAT = 2048
FEATURE_MEMORY_FAILURE = 4096
FEATURE_MIGRATION_AD = 8192
FEATURE_EXT4 = 16384
_IOREMAP = {
    "x86_64": ("arch/x86/mm/ioremap.c", ("__ioremap_caller",)),
    "arm64": ("arch/arm64/mm/ioremap.c", ("ioremap_allowed", "ioremap_prot", "__ioremap_prot")),
}


def _first_number(parameters: tuple[str, ...], name: str, default: int) -> int:
    """The number that the first boot parameter of that name gives."""
    given = [text.removeprefix(name) for text in parameters if text.startswith(name)]
    return int(given[0]) if given and given[0].isdecimal() else default


def require_line(line: str) -> None:
    """Refuses a version line ("6.1") whose semantics are not known here.

    Raises:
        UsageError: that.
    """
    if line not in RELEASES:
        known = ", ".join(RELEASES)
        raise UsageError(f"no semantics for kernel {line}: the model knows {known}")


def release_of(environment: Environment) -> Release:
    """What an environment's kernel decides: its line's flags, or the nearest's and what was learnt.

    Raises:
        UsageError: a kernel whose semantics are not known here.
    """
    require_line(environment.judged_as)
    return with_flags(RELEASES[environment.judged_as], environment.learnt)


def semantics_for(environment: Environment, observe: str = "each") -> Semantics:
    """The flags of an environment, read from what its guest said of itself.

    Args:
        environment: with the guest's facts.
        observe: "each" or "end", as the trace was taken.

    Raises:
        UsageError: a kernel whose semantics are not known here.
    """
    facts = environment.facts
    features = facts.get("features", 0)
    default = _DEFAULT
    return Semantics(
        release=release_of(environment),
        task_size=facts.get("task_size", default.task_size),
        table_span=facts.get("table_span", default.table_span),
        gup_capacity=facts.get("gup_capacity", default.gup_capacity),
        huge_pool=_first_number(environment.boot_args, "hugepages=", default.huge_pool),
        tagged_addresses=environment.arch == "arm64",
        exec_only_readable=not features & (FEATURE_PKU | FEATURE_EPAN),
        software_young=environment.arch == "arm64",
        gate_page=bool(features & FEATURE_GATE),
        old_neighbours=bool(features & FEATURE_HW_AF),
        hwpoison_code=BUS_MCEERR_AR
        if environment.arch == "arm64" or features & FEATURE_MEMORY_FAILURE
        else BUS_ADRERR,
        split_rss=bool(features & FEATURE_SPLIT_RSS),
        swap=bool(features & FEATURE_SWAP),
        migration_bits=bool(features & FEATURE_MIGRATION_AD),
        ext4=bool(features & FEATURE_EXT4),
        uffd_wp=bool(features & FEATURE_UFFD_WP),
        write_combining=bool(features & FEATURE_WC),
        write_through=bool(features & FEATURE_WT),
        tracks_types=bool(features & FEATURE_PAT),
        marks_tracked=environment.arch == "x86_64",
        keeps_type=environment.arch == "x86_64",
        rom=environment.arch == "x86_64",
        contpte="ARM64_CONTPTE" in environment.options,
        ioremap_warning=_IOREMAP[environment.arch],
        ioremap_warns_once=environment.arch == "x86_64",
        phys_by_entry=environment.arch == "arm64",
        pan=bool(features & FEATURE_PAN),
        drained_each=observe == "each",
    )
