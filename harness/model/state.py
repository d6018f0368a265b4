"""The state a program has built: processes, their page tables, pages, files.

A State is private to the model while a step runs and never changed
afterwards: ``step`` works on a clone. A clone shares its pages with the state
it was made from until it changes them: only ``page`` and ``page_unseen`` give
one that may be written to. Everything that a snapshot can show goes through
the helpers here, so that what changed is known (``touched``).

Counts follow the kernel's: ``ref`` is page_count, ``map`` page_mapcount, both
as they are once LRU batches are drained.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from ..abi import PageFlag, PteFlag
from .content import EMPTY, Content

ANON, FILE, SHMEM, SWAP = range(4)  # indexes of an mm's RSS counters
ZERO_PAGE = 0  # the zero page's id

# What a snapshot may show differently after a step:
# ("t", process, page of the arena)  ("p", page id)  ("h", slot, index)
# ("c", file slot, index)  ("r", process)  ("v", process)  ("f", file slot)
Key: TypeAlias = tuple[str, int] | tuple[str, int, int]

P_PRESENT = int(PteFlag.PRESENT)
P_WRITE = int(PteFlag.WRITE)
P_DIRTY = int(PteFlag.DIRTY)
P_YOUNG = int(PteFlag.YOUNG)
P_SPECIAL = int(PteFlag.SPECIAL)
P_NONE_PROT = int(PteFlag.NONE_PROT)
P_ZERO = int(PteFlag.ZERO)

G_DIRTY = int(PageFlag.DIRTY)
G_ANON = int(PageFlag.ANON)
G_EXCLUSIVE = int(PageFlag.EXCLUSIVE)
G_MAPPING = int(PageFlag.MAPPING)
NEW_ANON = int(
    PageFlag.UPTODATE | PageFlag.ANON | PageFlag.SWAPBACKED | PageFlag.EXCLUSIVE | PageFlag.MAPPING
)
G_NO_DATA = int(PageFlag.NO_DATA)
G_SWAPBACKED = int(PageFlag.SWAPBACKED)
NEW_SHMEM = int(PageFlag.UPTODATE | PageFlag.SWAPBACKED | PageFlag.MAPPING)
NEW_SECRET = int(PageFlag.UPTODATE | PageFlag.MAPPING | PageFlag.NO_DATA)
ZERO_FLAGS = int(PageFlag.RESERVED | PageFlag.ZERO)


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
        pgoff: page of the file at start.
        anon_vma: identity of its anon_vma, 0 before the first anonymous page.
        singular: its anon_vma chain has one link (not cloned from a parent).
        account: VM_ACCOUNT, which keeps VMAs from merging.
    """

    start: int
    end: int
    flags: int
    file: int
    pgoff: int
    anon_vma: int
    singular: bool
    account: bool


class Page:
    """A page frame's state; flags are abi.PageFlag bits.

    users counts what a snapshot reaches it by (PTEs, held sets, files the
    program opened); accessed counts mark_page_accessed calls since LRU
    batches were drained.
    """

    __slots__ = ("accessed", "content", "file", "flags", "index", "map", "ref", "users")

    def __init__(self, flags: int, content: Content, *, file: int = -1, index: int = 0) -> None:
        self.flags = flags
        self.content = content
        self.file = file
        self.index = index
        self.ref = 1
        self.map = 0
        self.users = 0
        self.accessed = 0

    @property
    def shown(self) -> Content:
        """What a snapshot shows: nothing of secret memory."""
        return EMPTY if self.flags & G_NO_DATA else self.content

    def clone(self) -> Page:
        other = Page.__new__(Page)
        other.flags = self.flags
        other.content = self.content
        other.file = self.file
        other.index = self.index
        other.ref = self.ref
        other.map = self.map
        other.users = self.users
        other.accessed = self.accessed
        return other


class File:
    """A shmem file: one the program opened (slot >= 0), or the hidden one of
    a shared anonymous mapping (slot -1), which lives as long as its VMAs.
    secret: it is of memfd_secret() instead."""

    __slots__ = ("cache", "secret", "size", "slot")

    def __init__(self, slot: int, size: int, secret: bool = False) -> None:
        self.slot = slot
        self.size = size
        self.secret = secret
        self.cache: dict[int, int] = {}

    def clone(self) -> File:
        other = File(self.slot, self.size, self.secret)
        other.cache = dict(self.cache)
        return other


class Mm:
    """One process's memory, the arena's part of it."""

    __slots__ = ("alive", "ptes", "rss", "vmas")

    def __init__(self) -> None:
        self.alive = True
        self.vmas: list[Vma] = []
        self.ptes: dict[int, Pte] = {}
        self.rss = [0, 0, 0, 0]

    def clone(self) -> Mm:
        other = Mm.__new__(Mm)
        other.alive = self.alive
        other.vmas = list(self.vmas)
        other.ptes = dict(self.ptes)
        other.rss = list(self.rss)
        return other


class State:
    """Everything; see the module's docstring."""

    __slots__ = (
        "chosen",
        "files",
        "freed",
        "held",
        "mms",
        "next_id",
        "own",
        "pages",
        "slots",
        "touched",
        "trail",
        "wanted",
    )

    def __init__(self) -> None:
        zero = Page(ZERO_FLAGS, EMPTY)
        zero.ref = 0  # compared as the difference to when the program began
        self.pages: dict[int, Page] = {ZERO_PAGE: zero}
        self.own: set[int] = {ZERO_PAGE}  # pages that no other state shares
        self.mms: dict[int, Mm] = {0: Mm()}
        self.files: dict[int, File] = {}
        self.slots: dict[int, int] = {}  # file slot -> file id
        self.held: dict[int, list[int | None]] = {}
        self.next_id = 1
        self.touched: set[Key] = {("r", 0), ("v", 0)}
        self.freed: list[int] = []
        self.trail: list[str] = []
        self.wanted: tuple[int, ...] = ()
        self.chosen: list[tuple[str, int, int]] = []

    def clone(self) -> State:
        """A copy to step on, with nothing touched yet."""
        other = State.__new__(State)
        other.pages = dict(self.pages)
        other.own = set()
        other.mms = {key: mm.clone() for key, mm in self.mms.items()}
        other.files = {key: file.clone() for key, file in self.files.items()}
        other.slots = dict(self.slots)
        other.held = {key: list(pages) for key, pages in self.held.items()}
        other.next_id = self.next_id
        other.touched = set()
        other.freed = []
        other.trail = []
        other.wanted = ()
        other.chosen = []
        return other

    # ---- choices ----------------------------------------------------------

    def choose(self, allowance: str, ways: int) -> int:
        """Which of several things that the kernel may do here it does now.

        The stepper runs the operation once for every combination.
        """
        at = len(self.chosen)
        choice = self.wanted[at] if at < len(self.wanted) else 0
        self.chosen.append((allowance, choice, ways))
        return choice

    # ---- pages --------------------------------------------------------------

    def new_id(self) -> int:
        value = self.next_id
        self.next_id += 1
        return value

    def new_page(
        self, flags: int, content: Content = EMPTY, *, file: int = -1, index: int = 0
    ) -> int:
        """A fresh page with one reference, nowhere mapped."""
        page = self.new_id()
        self.pages[page] = Page(flags, content, file=file, index=index)
        self.own.add(page)
        self.touched.add(("p", page))
        return page

    def page(self, page: int) -> Page:
        """A page that is about to change."""
        self.touched.add(("p", page))
        return self.page_unseen(page)

    def page_unseen(self, page: int) -> Page:
        """A page that is about to change in a way that no snapshot shows."""
        if page in self.own:
            return self.pages[page]
        self.own.add(page)
        frame = self.pages[page] = self.pages[page].clone()
        return frame

    def put(self, page: int) -> None:
        """Drop one reference; the last one frees the page."""
        frame = self.page(page)
        frame.ref -= 1
        if frame.ref == 0 and page != ZERO_PAGE:
            del self.pages[page]
            self.freed.append(page)

    # ---- page tables ---------------------------------------------------------

    def set_pte(self, process: int, index: int, flags: int, page: int) -> None:
        """Install or change a PTE; counts of pages are the caller's."""
        mm = self.mms[process]
        old = mm.ptes.get(index)
        if old is None or old.page != page:
            if old is not None:
                self.page(old.page).users -= 1
            self.page(page).users += 1
        mm.ptes[index] = Pte(flags, page)
        self.touched.add(("t", process, index))

    def clear_pte(self, process: int, index: int) -> None:
        """Remove a PTE; counts of pages are the caller's."""
        old = self.mms[process].ptes.pop(index)
        self.page(old.page).users -= 1
        self.touched.add(("t", process, index))

    def count(self, process: int, counter: int, by: int) -> None:
        """Change an RSS counter."""
        self.mms[process].rss[counter] += by
        self.touched.add(("r", process))

    def set_vmas(self, process: int, vmas: list[Vma]) -> None:
        """Replace the VMA list (sorted by start)."""
        self.mms[process].vmas = vmas
        self.touched.add(("v", process))

    # ---- held pages -----------------------------------------------------------

    def hold(self, slot: int, page: int) -> None:
        """Record one more page in a held set; its reference is the caller's."""
        held = self.held.setdefault(slot, [])
        self.touched.add(("h", slot, len(held)))
        held.append(page)
        self.page(page).users += 1

    def unhold(self, slot: int, index: int) -> int:
        """Take a page out of a held set; its reference is the caller's."""
        page = self.held[slot][index]
        assert page is not None
        self.held[slot][index] = None
        self.touched.add(("h", slot, index))
        self.page(page).users -= 1
        return page

    # ---- files ------------------------------------------------------------------

    def new_file(self, slot: int, size: int, *, secret: bool = False) -> int:
        """A file; slot -1 for the hidden file of shared anonymous memory."""
        file = self.new_id()
        self.files[file] = File(slot, size, secret)
        if slot >= 0:
            self.slots[slot] = file
            self.touched.add(("f", slot))
        return file

    def cache_add(self, file: int, index: int, page: int) -> None:
        """Put a page into a file's cache; its reference is the caller's."""
        entry = self.files[file]
        entry.cache[index] = page
        if entry.slot >= 0:
            self.page(page).users += 1
            self.touched.add(("c", entry.slot, index))

    def cache_remove(self, file: int, index: int) -> int:
        """Take a page out of a file's cache; its reference is the caller's."""
        entry = self.files[file]
        page = entry.cache.pop(index)
        if entry.slot >= 0:
            self.page(page).users -= 1
            self.touched.add(("c", entry.slot, index))
        return page
