"""Pages of the state: what is known of each, references, compound pages.

Counts follow the kernel's: ``ref`` is page_count, ``map`` page_mapcount, both
as they are once LRU batches are drained.
"""

from __future__ import annotations

from typing import TypeAlias

from ..abi import HUGE_PAGES, PageFlag
from .content import EMPTY, Content

ZERO_PAGE = 0  # the zero page's id
# Ids of frames that nobody allocates: of x86's ROM, which has struct pages, plus the frame's
# number; and of the device memory, which has none, plus the page's number there.
ROM_PAGE, BAR_PAGE = 1 << 39, 1 << 40
# Offset of a mapping that begins with the frame of some page: this plus the page's id.
FRAME_OFFSET = 1 << 50

# What a snapshot may show differently after a step:
# ("t", process, page of the arena)  ("h", slot, index)  ("c", file slot, index)
# ("r", process)  ("v", process)  ("f", file slot)  ("i", file slot)
Key: TypeAlias = tuple[str, int] | tuple[str, int, int]

G_DIRTY = int(PageFlag.DIRTY)
G_UPTODATE = int(PageFlag.UPTODATE)
G_PRIVATE = int(PageFlag.PRIVATE)
G_ANON = int(PageFlag.ANON)
G_EXCLUSIVE = int(PageFlag.EXCLUSIVE)
G_MAPPING = int(PageFlag.MAPPING)
G_COMPOUND = int(PageFlag.COMPOUND)
G_SWAPCACHE = int(PageFlag.SWAPCACHE)
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


class Page:
    """A page frame's state; flags are abi.PageFlag bits.

    users counts what a snapshot reaches it by (PTEs, held sets, files the
    program opened), of a head also what its tails are reached by.

    A compound page is a head and its tails, numbered one behind the other; a
    tail (which lies tail pages behind its head) is there only once something
    is known of it. The head has the references and pins of all, their flags
    (but for EXCLUSIVE of a tail), and entire, the number of leaves above the
    PTE level that map the whole; size: how many pages it is. hugetlb: it is of
    hugetlb's pool.

    slot: of swap, where it is in the swap cache.

    owners: of a huge page, up to two processes that it is known to be mapped by (struct folio
    _mm_id); a third is not told apart from others until it is gone.

    foreign: a page of the kernel's own, whose counts are differences to when
    it was first seen.
    """

    __slots__ = (
        "content",
        "entire",
        "file",
        "flags",
        "foreign",
        "hugetlb",
        "index",
        "map",
        "owners",
        "pins",
        "ref",
        "size",
        "slot",
        "tail",
        "users",
    )

    def __init__(self, flags: int, content: Content, file: int = -1, index: int = 0) -> None:
        self.flags = flags
        self.content = content
        self.file = file
        self.index = index
        self.ref = 1
        self.size = 1
        self.slot = 0
        self.map = 0
        self.users = 0
        self.tail = 0
        self.entire = 0
        self.pins = 0
        self.hugetlb = False
        self.foreign = False
        self.owners: tuple[int, ...] = ()

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
        other.size = self.size
        other.slot = self.slot
        other.map = self.map
        other.users = self.users
        other.tail = self.tail
        other.entire = self.entire
        other.pins = self.pins
        other.hugetlb = self.hugetlb
        other.foreign = self.foreign
        other.owners = self.owners
        return other


class Pages:
    """The part of a state that has its pages.

    A copy shares its pages with the state it was made from until it changes
    them: only ``page`` gives one that may be written to.

    Attributes:
        pages: by number.
        own: those that no other state shares, so all that may have changed in the step.
        batched: how often each was accessed since LRU batches were drained.
        recycled: flags of huge pages that went back to the pool, in order.
        touched: what else a snapshot may show differently after the step.
        freed: pages that went during the step.
        hidden: flags of pages that this kernel has not, and no snapshot shows.
    """

    __slots__ = ("batched", "freed", "hidden", "next_id", "own", "pages", "recycled", "touched")

    def __init__(self) -> None:
        zero = Page(ZERO_FLAGS, EMPTY)
        zero.ref = 0  # compared as the difference to when the program began
        self.pages: dict[int, Page] = {ZERO_PAGE: zero}
        self.own: dict[int, Page] = {ZERO_PAGE: zero}
        self.batched: dict[int, int] = {}
        self.recycled: list[int] = []
        self.next_id = 1
        self.touched: set[Key] = {("r", 0), ("v", 0)}
        self.freed: list[int] = []
        self.hidden = 0

    def _copy_pages(self, other: Pages) -> None:
        """Make these another's pages, with nothing touched yet."""
        self.pages = other.pages.copy()
        self.own = {}
        self.batched = other.batched.copy()
        self.recycled = other.recycled.copy()
        self.next_id = other.next_id
        self.touched = set()
        self.freed = []
        self.hidden = other.hidden

    def new_id(self) -> int:
        value = self.next_id
        self.next_id += 1
        return value

    def new_page(
        self, flags: int, content: Content = EMPTY, *, file: int = -1, index: int = 0
    ) -> int:
        """A fresh page with one reference, nowhere mapped."""
        page = self.new_id()
        self.pages[page] = self.own[page] = Page(flags, content, file, index)
        return page

    def page(self, page: int) -> Page:
        """A page that is about to change."""
        frame = self.own.get(page)
        if frame is None:
            frame = self.pages[page] = self.own[page] = self.pages[page].clone()
        return frame

    def accessed(self, page: int, times: int = 1) -> None:
        """mark_page_accessed()."""
        self.batched[page] = self.batched.get(page, 0) + times

    def drained(self) -> None:
        """LRU batches were emptied."""
        self.batched.clear()

    def get(self, page: int, by: int = 1) -> None:
        """Take references; those of a tail are its head's."""
        page -= self.pages[page].tail
        self.page(page).ref += by

    def put(self, page: int, refs: int = 1) -> None:
        """Drop references; the last frees the page, of a compound one all, of the kernel none."""
        head = page - self.pages[page].tail
        frame = self.own.get(head) or self.page(head)
        frame.ref -= refs
        if frame.ref or frame.foreign or head == ZERO_PAGE:
            return
        if frame.hugetlb:
            self.recycled.append(frame.flags)
        for number in range(head, head + frame.size):
            self.forget(number)

    def forget(self, number: int) -> None:
        """A page is free: its frame may become another page."""
        self.pages.pop(number, None)
        self.own.pop(number, None)
        self.freed.append(number)

    def head(self, page: int) -> int:
        """The page that keeps the counts: a tail's head, any other itself."""
        return page - self.pages[page].tail

    # ---- compound pages -------------------------------------------------------

    def new_huge(self, flags: int) -> int:
        """A fresh compound page of HUGE_PAGES with one reference; its head."""
        return self.new_compound(flags, HUGE_PAGES)

    def new_compound(self, flags: int, size: int) -> int:
        """A fresh compound page of so many with one reference; its head."""
        head = self.new_page(flags | G_COMPOUND)
        self.pages[head].size = size
        self.next_id = head + size
        return head

    def subpage(self, head: int, offset: int) -> int:
        """The page that lies so far behind a head."""
        number = head + offset
        if number not in self.pages:
            page = Page(self.pages[head].flags & ~_OWN_OF_TAIL, EMPTY)
            page.ref = 0
            page.tail = offset
            self.pages[number] = self.own[number] = page
        return number

    def total_map(self, head: int) -> int:
        """How often a compound page is mapped, whole or in part (total_mapcount)."""
        parts = (self.pages.get(number) for number in range(head, head + HUGE_PAGES))
        return self.pages[head].entire + sum(page.map for page in parts if page is not None)

    def unmap_leaf(self, head: int) -> None:
        """A leaf that mapped a compound page is gone (page_remove_rmap, put_page)."""
        self.page(head).entire -= 1
        for number in range(head + 1, head + HUGE_PAGES):
            if number in self.pages:
                self.page(number)
        self.put(head)

    def record(self, number: int) -> tuple[int, int, int, int, int, Content] | None:
        """What a snapshot shows of a page: ref, map, flags, tail, pins, content; None: nothing."""
        page = self.pages.get(number)
        if page is None or number >= BAR_PAGE:
            return None
        if not page.tail:
            if not page.users:
                return None
            flags = page.flags & ~self.hidden
            return page.ref, page.map + page.entire, flags, 0, page.pins, page.shown
        head = self.pages[number - page.tail]
        if not page.users and not (head.entire and page.content.digest):
            return None
        flags = (head.flags & ~G_EXCLUSIVE | page.flags & G_EXCLUSIVE) & ~self.hidden
        return 0, page.map + head.entire, flags, page.tail, 0, page.content

    def _use(self, number: int, by: int) -> None:
        """Something that a snapshot shows refers to a page, or does not any more."""
        page = self.own.get(number) or self.page(number)
        page.users += by
        if page.tail:
            self.page(number - page.tail).users += by
