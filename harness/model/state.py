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

from ..abi import HUGE_PAGES, PageFlag, PteFlag
from .content import EMPTY, Content
from .waiting import Call

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
P_HUGE = int(PteFlag.HUGE)

G_DIRTY = int(PageFlag.DIRTY)
G_UPTODATE = int(PageFlag.UPTODATE)
G_PRIVATE = int(PageFlag.PRIVATE)
G_ANON = int(PageFlag.ANON)
G_EXCLUSIVE = int(PageFlag.EXCLUSIVE)
G_MAPPING = int(PageFlag.MAPPING)
G_COMPOUND = int(PageFlag.COMPOUND)
_OWN_OF_TAIL = G_DIRTY | G_EXCLUSIVE  # flags of a head that a new tail has not
NEW_ANON = int(
    PageFlag.UPTODATE | PageFlag.ANON | PageFlag.SWAPBACKED | PageFlag.EXCLUSIVE | PageFlag.MAPPING
)
G_SWAPBACKED = int(PageFlag.SWAPBACKED)
G_NO_DATA = int(PageFlag.NO_DATA)
NEW_SHMEM = int(PageFlag.UPTODATE | PageFlag.SWAPBACKED | PageFlag.MAPPING)
NEW_SECRET = int(PageFlag.UPTODATE | PageFlag.MAPPING | PageFlag.NO_DATA)
NEW_READ = int(PageFlag.UPTODATE | PageFlag.MAPPING)
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
        pgoff: page of the file at start; of private anonymous memory the page of the
            arena where it began, which mremap takes along.
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
    program opened), of a head also what its tails are reached by; accessed
    counts mark_page_accessed calls since LRU batches were drained.

    A compound page is a head and its tails, numbered one behind the other; a
    tail (which lies tail pages behind its head) is there only once something
    is known of it. The head has the references and pins of all, their flags
    (but for EXCLUSIVE of a tail), and entire, the number of leaves above the
    PTE level that map the whole. hugetlb: it is of hugetlb's pool.

    foreign: a page of the kernel's own, whose counts are differences to when
    it was first seen.
    """

    __slots__ = (
        "accessed",
        "content",
        "entire",
        "file",
        "flags",
        "foreign",
        "hugetlb",
        "index",
        "map",
        "pins",
        "ref",
        "tail",
        "users",
    )

    def __init__(self, flags: int, content: Content, *, file: int = -1, index: int = 0) -> None:
        self.flags = flags
        self.content = content
        self.file = file
        self.index = index
        self.ref = 1
        self.map = 0
        self.users = 0
        self.accessed = 0
        self.tail = 0
        self.entire = 0
        self.pins = 0
        self.hugetlb = False
        self.foreign = False

    @property
    def shown(self) -> Content:
        """What a snapshot shows: nothing of secret memory, or of a cache page never read."""
        unread = self.flags & (G_MAPPING | G_ANON | G_UPTODATE) == G_MAPPING
        return EMPTY if unread or self.flags & G_NO_DATA else self.content

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
        other.tail = self.tail
        other.entire = self.entire
        other.pins = self.pins
        other.hugetlb = self.hugetlb
        other.foreign = self.foreign
        return other


class File:
    """A file that the program opened (slot >= 0), or the hidden one of a
    shared anonymous mapping (slot -1), which lives as long as its VMAs.

    disk: page of the file -> what its block on the disk holds, without the
    holes; None for shmem, which has no disk.
    secret: it is of memfd_secret().
    writable: it was opened for writing.
    """

    __slots__ = ("cache", "disk", "secret", "size", "slot", "writable")

    def __init__(
        self, slot: int, size: int, *, secret: bool, on_disk: bool, writable: bool
    ) -> None:
        self.slot = slot
        self.size = size
        self.secret = secret
        self.cache: dict[int, int] = {}
        self.disk: dict[int, Content] | None = {} if on_disk else None
        self.writable = writable

    def clone(self) -> File:
        other = File(
            self.slot, self.size, secret=self.secret, on_disk=False, writable=self.writable
        )
        other.cache = dict(self.cache)
        if self.disk is not None:
            other.disk = dict(self.disk)
        return other


class Mm:
    """One process's memory, the arena's part of it.

    tables: the first page of each last-level page table; one stays when it is
    empty, and no leaf can be where it is.
    """

    __slots__ = ("alive", "has_pinned", "inherited", "outside", "ptes", "rss", "tables", "vmas")

    def __init__(self) -> None:
        self.alive = True
        self.has_pinned = False  # MMF_HAS_PINNED
        self.outside: dict[int, int] = {}  # page of the address space -> page, of the vdso
        self.inherited: set[int] = set()  # of those, what fork gave: no counter shows it
        self.vmas: list[Vma] = []
        self.ptes: dict[int, Pte] = {}
        self.tables: set[int] = set()
        self.rss = [0, 0, 0, 0]

    def clone(self) -> Mm:
        other = Mm.__new__(Mm)
        other.alive = self.alive
        other.has_pinned = self.has_pinned
        other.outside = dict(self.outside)
        other.inherited = set(self.inherited)
        other.vmas = list(self.vmas)
        other.ptes = dict(self.ptes)
        other.tables = set(self.tables)
        other.rss = list(self.rss)
        return other


class State:
    """Everything; see the module's docstring."""

    __slots__ = (
        "calls",
        "chosen",
        "dead",
        "files",
        "freed",
        "held",
        "kernel_pages",
        "mms",
        "next_id",
        "number",
        "own",
        "pages",
        "pins",
        "recycled",
        "reserved",
        "slots",
        "touched",
        "trail",
        "uffds",
        "wanted",
        "warned",
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
        self.recycled: list[int] = []  # flags of huge pages that went back to the pool
        self.reserved: set[tuple[int, int]] = set()  # huge pages kept for (process, index)
        self.calls: dict[int, Call] = {}  # process -> its call that fell asleep or was begun
        self.uffds: set[int] = set()  # processes that have a userfaultfd
        self.dead: set[int] = set()  # processes that are gone, and their memory is not yet
        self.number = -1  # of the operation at hand
        self.kernel_pages: dict[int, int] = {}  # page of the address space -> page
        self.pins: set[int] = set()  # held sets whose pages are pins
        self.warned: frozenset[tuple[str, str]] = frozenset()  # (place, caller) of WARN_ON_ONCE
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
        other.recycled = list(self.recycled)
        other.reserved = set(self.reserved)
        other.calls = dict(self.calls)
        other.uffds = set(self.uffds)
        other.dead = set(self.dead)
        other.number = self.number
        other.kernel_pages = dict(self.kernel_pages)
        other.pins = set(self.pins)
        other.warned = self.warned
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

    def get(self, page: int, by: int = 1) -> None:
        """Take references; those of a tail are its head's."""
        self.page(self.head(page)).ref += by

    def put(self, page: int, refs: int = 1) -> None:
        """Drop references; the last one frees the page, of a compound page all."""
        head = self.head(page)
        frame = self.page(head)
        frame.ref -= refs
        if frame.ref or head == ZERO_PAGE:
            return
        if frame.hugetlb:
            self.recycled.append(frame.flags)
        last = head + (HUGE_PAGES if frame.flags & G_COMPOUND else 1)
        for number in range(head, last):
            self.pages.pop(number, None)
            self.freed.append(number)

    def head(self, page: int) -> int:
        """The page that keeps the counts: a tail's head, any other itself."""
        return page - self.pages[page].tail

    # ---- compound pages -------------------------------------------------------

    def new_huge(self, flags: int) -> int:
        """A fresh compound page of HUGE_PAGES with one reference; its head."""
        head = self.new_page(flags | G_COMPOUND)
        self.next_id = head + HUGE_PAGES
        return head

    def subpage(self, head: int, offset: int) -> int:
        """The page that lies so far behind a head."""
        number = head + offset
        if number not in self.pages:
            page = self.pages[number] = Page(self.pages[head].flags & ~_OWN_OF_TAIL, EMPTY)
            page.ref = 0
            page.tail = offset
            self.own.add(number)
        return number

    def unmap_leaf(self, head: int) -> None:
        """A leaf that mapped a compound page is gone (page_remove_rmap, put_page)."""
        self.page(head).entire -= 1
        for number in range(head + 1, head + HUGE_PAGES):
            if number in self.pages:
                self.touched.add(("p", number))
        self.put(head)

    def leaf(self, process: int, index: int) -> tuple[int, Pte] | None:
        """The leaf above the PTE level that a page of the arena lies in, with its first page."""
        first = index & -HUGE_PAGES
        pte = self.mms[process].ptes.get(first)
        return (first, pte) if pte is not None and pte.flags & P_HUGE else None

    def mapped(self, process: int, index: int) -> int:
        """The page that is mapped at a page of the arena."""
        leaf = self.leaf(process, index)
        if leaf is None:
            return self.mms[process].ptes[index].page
        return self.subpage(leaf[1].page, index - leaf[0])

    def record(self, number: int) -> tuple[int, int, int, int, int, Content] | None:
        """What a snapshot shows of a page: ref, map, flags, tail, pins, content; None: nothing."""
        page = self.pages.get(number)
        if page is None:
            return None
        if not page.tail:
            if not page.users:
                return None
            return page.ref, page.map + page.entire, page.flags, 0, page.pins, page.shown
        head = self.pages[number - page.tail]
        if not page.users and not (head.entire and page.content.digest):
            return None
        flags = head.flags & ~G_EXCLUSIVE | page.flags & G_EXCLUSIVE
        return 0, page.map + head.entire, flags, page.tail, 0, page.content

    def _use(self, number: int, by: int) -> None:
        """Something that a snapshot shows refers to a page, or does not any more."""
        page = self.page(number)
        page.users += by
        if page.tail:
            self.page(number - page.tail).users += by

    # ---- processes ----------------------------------------------------------

    def lives(self, process: int) -> bool:
        """Is there such a process?"""
        mm = self.mms.get(process)
        return mm is not None and mm.alive and process not in self.dead

    # ---- page tables ---------------------------------------------------------

    def set_pte(self, process: int, index: int, flags: int, page: int) -> None:
        """Install or change a PTE; counts of pages are the caller's."""
        mm = self.mms[process]
        old = mm.ptes.get(index)
        if old is None or old.page != page:
            if old is not None:
                self._use(old.page, -1)
            self._use(page, 1)
        mm.ptes[index] = Pte(flags, page)
        if not flags & P_HUGE:
            mm.tables.add(index & -HUGE_PAGES)
        self.touched.add(("t", process, index))

    def clear_pte(self, process: int, index: int) -> None:
        """Remove a PTE; counts of pages are the caller's."""
        old = self.mms[process].ptes.pop(index)
        self._use(old.page, -1)
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

    def hold(self, slot: int, page: int, *, pin: bool = False) -> None:
        """Record one more page in a held set; its reference (or pin) is the caller's."""
        if pin:
            self.pins.add(slot)
        held = self.held.setdefault(slot, [])
        self.touched.add(("h", slot, len(held)))
        held.append(page)
        self._use(page, 1)

    def unhold(self, slot: int, index: int) -> int:
        """Take a page out of a held set; its reference is the caller's."""
        page = self.held[slot][index]
        assert page is not None
        self.held[slot][index] = None
        self.touched.add(("h", slot, index))
        self._use(page, -1)
        return page

    # ---- files ------------------------------------------------------------------

    def new_file(
        self,
        slot: int,
        size: int,
        *,
        secret: bool = False,
        on_disk: bool = False,
        writable: bool = True,
    ) -> int:
        """A file; slot -1 for the hidden file of shared anonymous memory."""
        file = self.new_id()
        self.files[file] = File(slot, size, secret=secret, on_disk=on_disk, writable=writable)
        if slot >= 0:
            self.slots[slot] = file
            self.touched.add(("f", slot))
        return file

    def resize(self, file: int, size: int) -> None:
        """Give a file another size."""
        entry = self.files[file]
        entry.size = size
        if entry.slot >= 0:
            self.touched.add(("f", entry.slot))

    def tracks_dirty(self, file: int) -> bool:
        """Whether a mapping's file (-1: none) learns of each page's first write."""
        return file >= 0 and self.files[file].disk is not None

    def is_secret(self, file: int) -> bool:
        """Whether a mapping's file (-1: none) is one of memfd_secret()."""
        return file >= 0 and self.files[file].secret

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
