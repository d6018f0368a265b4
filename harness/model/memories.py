"""Processes' memory of the state: VMAs, page tables, RSS."""

from __future__ import annotations

from typing import NamedTuple

from ..abi import HUGE_PAGES, PteFlag
from .content import EMPTY, Content
from .pages import G_ANON, G_SWAPBACKED, NEW_ANON
from .swap import Swap

BLOCK = 16  # entries that arm64 may make one of (arch/arm64/include/asm/pgtable-hwdef.h CONT_PTES)

ANON, FILE, SHMEM, SWAP = range(4)  # indexes of an mm's RSS counters

P_PRESENT = int(PteFlag.PRESENT)
P_WRITE = int(PteFlag.WRITE)
P_DIRTY = int(PteFlag.DIRTY)
P_YOUNG = int(PteFlag.YOUNG)
P_SPECIAL = int(PteFlag.SPECIAL)
P_NONE_PROT = int(PteFlag.NONE_PROT)
P_ZERO = int(PteFlag.ZERO)
P_HUGE = int(PteFlag.HUGE)
P_SWAP = int(PteFlag.SWAP)
P_UFFD_WP = int(PteFlag.UFFD_WP)
P_WC = int(PteFlag.WC)
P_NC = int(PteFlag.NC)
P_EXCLUSIVE = int(PteFlag.EXCLUSIVE)  # of a swap entry
P_GUARD = int(PteFlag.GUARD)  # of a marker, alone


def rss_of(flags: int) -> int:
    """The counter that a mapped page is in, by its flags (mm_counter)."""
    if flags & G_ANON:
        return ANON
    return SHMEM if flags & G_SWAPBACKED else FILE


class Pte(NamedTuple):
    """A present PTE: PteFlag bits and the page it maps."""

    flags: int
    page: int


class Vma(NamedTuple):
    """A VMA as the kernel has it (not joined with its neighbours).

    Attributes:
        start, end: pages of the arena.
        flags: abi.VmaFlag bits.
        file: file id, -1 for private anonymous memory.
        pgoff: page of the file at start; of private anonymous memory the page of the
            arena where it began, which mremap takes along.
        anon_vma: identity of its anon_vma, 0 before the first anonymous page.
        singular: its anon_vma chain has one link (not cloned from a parent).
        account: VM_ACCOUNT, which keeps VMAs from merging.
        apart: its vm_ops has a close(), which keeps VMAs from merging too.
        memory: the memory type in vm_page_prot, as PteFlag.WC or NC.
        track: what keeps the type of its frames, 0 if nothing does (pfnmap_track_ctx).
    """

    start: int
    end: int
    flags: int
    file: int
    pgoff: int
    anon_vma: int
    singular: bool
    account: bool
    apart: bool = False
    memory: int = 0
    track: int = 0


class Absent(NamedTuple):
    """An entry that is neither none nor present.

    Attributes:
        flags: PteFlag bits; UFFD_WP alone is a marker, and so is GUARD.
        slot: of swap, 0 of a marker.
    """

    flags: int
    slot: int


class Mm:
    """One process's memory, the arena's part of it.

    ptes: of the present; absent: of those that are neither none nor present.
    tables: the first page of each last-level page table; one stays when it is
    empty, and no leaf can be where it is.
    folded: the first page of each block of BLOCK entries that have one young and one dirty
    bit (contpte).
    gained, lost: changes of rss, of which a task may have told some
    to nobody yet.
    """

    __slots__ = (
        "absent",
        "alive",
        "folded",
        "gained",
        "has_pinned",
        "inherited",
        "lost",
        "outside",
        "ptes",
        "rss",
        "tables",
        "vmas",
    )

    def __init__(self) -> None:
        self.alive = True
        self.has_pinned = False  # MMF_HAS_PINNED
        self.outside: dict[int, int] = {}  # page of the address space -> page, of the vdso
        self.inherited: set[int] = set()  # of those, what fork gave: no counter shows it
        self.vmas: list[Vma] = []
        self.ptes: dict[int, Pte] = {}
        self.absent: dict[int, Absent] = {}
        self.tables: set[int] = set()
        self.folded: set[int] = set()
        self.rss = [0, 0, 0, 0]
        self.gained = 0
        self.lost = 0

    def clone(self) -> Mm:
        other = Mm.__new__(Mm)
        other.alive = self.alive
        other.has_pinned = self.has_pinned
        other.outside = self.outside.copy()
        other.inherited = self.inherited.copy()
        other.vmas = self.vmas.copy()
        other.ptes = self.ptes.copy()
        other.absent = self.absent.copy()
        other.tables = self.tables.copy()
        other.folded = self.folded.copy()
        other.rss = self.rss.copy()
        other.gained = self.gained
        other.lost = self.lost
        return other


class Memories(Swap):
    """The part of a state that has its processes' memory.

    Attributes:
        mms: by process, those of processes that are gone too.
        dead: processes that are gone, and their memory is not yet.
    """

    __slots__ = ("dead", "mms")

    def __init__(self) -> None:
        super().__init__()
        self.mms: dict[int, Mm] = {0: Mm()}
        self.dead: set[int] = set()

    def _copy_memories(self, other: Memories) -> None:
        """Make this another's memory."""
        self.mms = {key: mm.clone() for key, mm in other.mms.items()}
        self.dead = other.dead.copy()

    def lives(self, process: int) -> bool:
        """Is there such a process?"""
        mm = self.mms.get(process)
        return mm is not None and mm.alive and process not in self.dead

    def set_pte(self, process: int, index: int, flags: int, page: int) -> None:
        """Install or change a PTE; counts of pages, or of what was absent, are the caller's."""
        mm = self.mms[process]
        if mm.absent:
            mm.absent.pop(index, None)
        old = mm.ptes.get(index)
        if mm.folded and index & -BLOCK in mm.folded and old is not None:
            self._set_folded(process, index & -BLOCK, old, Pte(flags, page))
        if old is None or old.page != page:
            if old is not None:
                self._use(old.page, -1)
            self._use(page, 1)
        mm.ptes[index] = Pte(flags, page)
        if not flags & P_HUGE:
            mm.tables.add(index & -HUGE_PAGES)
        self.touched.add(("t", process, index))

    def _set_folded(self, process: int, first: int, old: Pte, new: Pte) -> None:
        """One of a block's entries changes: all become as young and dirty, or are apart then."""
        mm = self.mms[process]
        if old.page != new.page or (old.flags ^ new.flags) & ~(P_YOUNG | P_DIRTY):
            mm.folded.discard(first)
            return
        for index in range(first, first + BLOCK):
            mm.ptes[index] = Pte(new.flags, mm.ptes[index].page)
            self.touched.add(("t", process, index))

    def map_anon(self, process: int, index: int, flags: int, content: Content = EMPTY) -> None:
        """Map a fresh anonymous page, its one reference the mapping's, where nothing is."""
        page = self.new_page(NEW_ANON, content)
        self.pages[page].map = 1
        self.count(process, ANON, 1)
        self.set_pte(process, index, flags, page)

    def clear_pte(self, process: int, index: int) -> None:
        """Remove a PTE; counts of pages are the caller's."""
        mm = self.mms[process]
        old = mm.ptes.pop(index)
        mm.folded.discard(index & -BLOCK)
        self._use(old.page, -1)
        self.touched.add(("t", process, index))

    def set_absent(self, process: int, index: int, flags: int, slot: int) -> None:
        """Install or change an entry that is not present, where no page is mapped."""
        mm = self.mms[process]
        mm.absent[index] = Absent(flags, slot)
        mm.tables.add(index & -HUGE_PAGES)
        self.touched.add(("t", process, index))

    def clear_absent(self, process: int, index: int) -> None:
        """Remove an entry that is not present; counts are the caller's."""
        del self.mms[process].absent[index]
        self.touched.add(("t", process, index))

    def count(self, process: int, counter: int, by: int) -> None:
        """Change an RSS counter."""
        mm = self.mms[process]
        mm.rss[counter] += by
        if by > 0:
            mm.gained += by
        else:
            mm.lost -= by
        self.touched.add(("r", process))

    def set_vmas(self, process: int, vmas: list[Vma]) -> None:
        """Replace the VMA list (sorted by start)."""
        self.mms[process].vmas = vmas
        self.touched.add(("v", process))

    def change_vma(self, process: int, vma: Vma, changed: Vma) -> Vma:
        """Put another in a VMA's place, joined with no neighbour; gives the other."""
        there = self.mms[process].vmas
        self.set_vmas(process, [changed if one is vma else one for one in there])
        return changed

    def leaf(self, process: int, index: int) -> tuple[int, Pte] | None:
        """The leaf above the PTE level that a page of the arena lies in, with its first page."""
        first = index & -HUGE_PAGES
        pte = self.mms[process].ptes.get(first)
        return None if pte is None or not pte.flags & P_HUGE else (first, pte)

    def mapped(self, process: int, index: int) -> int:
        """The page that is mapped at a page of the arena."""
        leaf = self.leaf(process, index)
        if leaf is None:
            return self.mms[process].ptes[index].page
        return self.subpage(leaf[1].page, index - leaf[0])
