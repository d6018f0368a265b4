"""The state a program has built: processes, their page tables, pages, files.

A State is private to the model while a step runs and never changed
afterwards: ``step`` works on a clone. Everything that a snapshot can show goes
through the helpers of its parts (``pages``, ``files``, ``memories``, and what
is held here), so that what changed is known (``touched``).
"""

from __future__ import annotations

from .files import File
from .memories import (
    ANON,
    FILE,
    P_DIRTY,
    P_EXCLUSIVE,
    P_GUARD,
    P_HUGE,
    P_NC,
    P_NONE_PROT,
    P_PRESENT,
    P_SPECIAL,
    P_SWAP,
    P_UFFD_WP,
    P_WC,
    P_WRITE,
    P_YOUNG,
    P_ZERO,
    SHMEM,
    SWAP,
    Absent,
    Memories,
    Mm,
    Pte,
    Vma,
    rss_of,
)
from .pages import (
    BAR_PAGE,
    FRAME_OFFSET,
    G_ANON,
    G_COMPOUND,
    G_DIRTY,
    G_EXCLUSIVE,
    G_MAPPING,
    G_NO_DATA,
    G_PRIVATE,
    G_SWAPBACKED,
    G_SWAPCACHE,
    G_UPTODATE,
    NEW_ANON,
    NEW_READ,
    NEW_SECRET,
    NEW_SHMEM,
    ROM_PAGE,
    ZERO_FLAGS,
    ZERO_PAGE,
    Key,
    Page,
)
from .waiting import Call

__all__ = [
    "ANON",
    "BAR_PAGE",
    "FILE",
    "FRAME_OFFSET",
    "G_ANON",
    "G_COMPOUND",
    "G_DIRTY",
    "G_EXCLUSIVE",
    "G_MAPPING",
    "G_NO_DATA",
    "G_PRIVATE",
    "G_SWAPBACKED",
    "G_SWAPCACHE",
    "G_UPTODATE",
    "NEW_ANON",
    "NEW_READ",
    "NEW_SECRET",
    "NEW_SHMEM",
    "P_DIRTY",
    "P_EXCLUSIVE",
    "P_GUARD",
    "P_HUGE",
    "P_NC",
    "P_NONE_PROT",
    "P_PRESENT",
    "P_SPECIAL",
    "P_SWAP",
    "P_UFFD_WP",
    "P_WC",
    "P_WRITE",
    "P_YOUNG",
    "P_ZERO",
    "ROM_PAGE",
    "SHMEM",
    "SWAP",
    "ZERO_FLAGS",
    "ZERO_PAGE",
    "Absent",
    "File",
    "Key",
    "Mm",
    "Page",
    "Pte",
    "State",
    "Vma",
    "rss_of",
]


class State(Memories):
    """Everything; see the module's docstring.

    Attributes:
        held: slot -> pages, None where one was given back, or none was given;
            pins: sets whose pages are pins;
            allocated: sets that the module allocated -> abi.Alloc.
        around: pages that a read fault looks at (fault_around_bytes); guests begin with 1.
        lent: held pages whose frames were mapped, which nobody counts.
        tracks: frames whose type VMAs keep by their `track`: first, number.
        memtypes: (first, end, type) of what device memory is mapped as, in order.
        reserved: huge pages kept for (process, index).
        calls: process -> its call that fell asleep or was begun.
        uffds: processes that have a userfaultfd.
        parents: child -> process that made it, while that lives and has not waited for it.
        ended: such a child that is gone -> the signal that it died of, or 0.
        number: of the operation at hand.
        kernel_pages: page of the address space -> page.
        warned: (place, caller) of WARN_ON_ONCE.
        wanted, chosen: the choices of this run of the operation; see ``choose``.
    """

    __slots__ = (
        "allocated",
        "around",
        "calls",
        "chosen",
        "ended",
        "held",
        "kernel_pages",
        "lent",
        "memtypes",
        "number",
        "parents",
        "pins",
        "reserved",
        "tracks",
        "uffds",
        "wanted",
        "warned",
    )

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[int, list[int | None]] = {}
        self.pins: set[int] = set()
        self.allocated: dict[int, int] = {}
        self.around = 1
        self.lent: set[int] = set()
        self.memtypes: list[tuple[int, int, int]] = []
        self.tracks: dict[int, tuple[int, int]] = {}
        self.reserved: set[tuple[int, int]] = set()
        self.calls: dict[int, Call] = {}
        self.uffds: set[int] = set()
        self.parents: dict[int, int] = {}
        self.ended: dict[int, int] = {}
        self.number = -1
        self.kernel_pages: dict[int, int] = {}
        self.warned: frozenset[tuple[str, str]] = frozenset()
        self.wanted: tuple[int, ...] = ()
        self.chosen: list[tuple[str, int, int]] = []

    def clone(self) -> State:
        """A copy to step on, with nothing touched yet."""
        other = State.__new__(State)
        other._copy_pages(self)
        other._copy_files(self)
        other._copy_swap(self)
        other._copy_memories(self)
        other.held = {key: pages.copy() for key, pages in self.held.items()}
        other.pins = self.pins.copy()
        other.allocated = self.allocated.copy()
        other.around = self.around
        other.lent = self.lent.copy()
        other.memtypes = self.memtypes.copy()
        other.tracks = self.tracks.copy()
        other.reserved = self.reserved.copy()
        other.calls = self.calls.copy()
        other.uffds = self.uffds.copy()
        other.parents = self.parents.copy()
        other.ended = self.ended.copy()
        other.number = self.number
        other.kernel_pages = self.kernel_pages.copy()
        other.warned = self.warned
        other.wanted = ()
        other.chosen = []
        return other

    def choose(self, allowance: str, ways: int) -> int:
        """Which of several things that the kernel may do here it does now.

        The stepper runs the operation once for every combination.
        """
        at = len(self.chosen)
        choice = self.wanted[at] if at < len(self.wanted) else 0
        self.chosen.append((allowance, choice, ways))
        return choice

    # ---- held pages -----------------------------------------------------------

    def hold(self, slot: int, page: int, *, pin: bool = False) -> None:
        """Record one more page in a held set; its reference (or pin) is the caller's."""
        if pin:
            self.pins.add(slot)
        held = self.held.setdefault(slot, [])
        self.touched.add(("h", slot, len(held)))
        held.append(page)
        self._use(page, 1)

    def hold_nothing(self, slot: int) -> None:
        """Record in a held set that a call counted something and gave no page for it."""
        self.pins.add(slot)
        self.held.setdefault(slot, []).append(None)

    def unhold(self, slot: int, index: int) -> int:
        """Take a page out of a held set; its reference is the caller's."""
        page = self.held[slot][index]
        assert page is not None
        self.held[slot][index] = None
        self.touched.add(("h", slot, index))
        self._use(page, -1)
        return page
