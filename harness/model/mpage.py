"""Reading the pages of a file: mpage_readahead() and mpage_read_folio().

Disks answer at once here, as the module's does; of a file on the guest's disk
the module waits for every page. Source: 6.1 fs/mpage.c, fs/buffer.c
block_read_full_folio, mm/readahead.c.
"""

from __future__ import annotations

from typing import NamedTuple

from .. import abi
from ..abi import Block, Io, IoFlag
from . import blockio
from .blockio import SECTOR, Buffer, FileIo, Record, Script
from .content import EMPTY, Content
from .rules import Rules
from .state import G_PRIVATE, G_UPTODATE, File, Page, State

_WHOLE = abi.WHOLE
_BOUNDARY, _UPTODATE = int(Block.BOUNDARY), int(Block.UPTODATE)
_ERROR, _SINGLE = int(Block.ERROR), int(Block.SINGLE)


def allocate(rules: Rules, state: State, file: int, index: int) -> None:
    """A page of a file of ext2 gets a block, if it has none."""
    io = state.files[file].io
    if io is None or index in io.place:
        return
    others = [other.io for number, other in state.files.items() if number != file]
    if not io.place and any(other is not None and not other.known for other in others):
        io.known = False  # it may get what lies between their reservations
    io.allocate(index, rules.ext2_path(index))
    for other in others:
        if other is not None:
            other.crossed = True


def add_buffers(page: Page, flags: int) -> None:
    """Give a page buffers, if those are what the flags say and it has none: they refer to it."""
    if not page.flags & G_PRIVATE:
        page.flags |= flags
        page.ref += 1 if page.flags & G_PRIVATE else 0


def add_block(rules: Rules, state: State, file: int, index: int, flags: int) -> None:
    """__block_write_begin(): a page in the cache gets buffers, and a block on the disk."""
    entry = state.files[file]
    assert entry.disk is not None
    entry.disk.setdefault(index, EMPTY)
    allocate(rules, state, file, index)
    add_buffers(state.page(entry.cache[index]), flags)


class Mapped(NamedTuple):
    """What get_block says of blocks (struct buffer_head): None in ``at`` is a hole."""

    at: int | None = None
    blocks: int = 0
    boundary: bool = False
    uptodate: bool = False
    failed: bool = False


_HOLE = Mapped()


class Disk:
    """A file's way to its disk.

    Attributes:
        size: bytes of a block.
        per_page: blocks of a page.
    """

    def __init__(self, rules: Rules, state: State, file: int) -> None:
        self.rules = rules
        self.entry: File = state.files[file]
        assert self.entry.io is not None
        self.io: FileIo = self.entry.io
        self.size = self.io.script.size if self.io.script is not None else abi.PAGE_SIZE
        self.per_page = abi.PAGE_SIZE // self.size
        self.blocks = -(-self.entry.size // self.size)  # of the file
        state.touched.add(("i", self.entry.slot))

    def is_bad(self, first: int, count: int) -> bool:
        """Whether the disk cannot read one of these blocks."""
        return self.io.script is not None and self.io.script.is_bad(first, count)

    def read(self, flags: int, first: int, count: int) -> bool:
        """A bio of so many blocks; False where it fails."""
        bad = self.is_bad(first, count)
        self.note(Io.READ, flags | (int(IoFlag.FAILED) if bad else 0), first, count)
        return not bad

    def note(self, kind: Io, flags: int, first: int, count: int) -> None:
        """Something was asked, of so many blocks of the disk."""
        scale = self.size // SECTOR
        first, count = first * scale, count * scale
        if self.io.script is None:
            if self.io.base is None:
                self.io.base = first
            first -= self.io.base
        self.io.add(Record(int(kind), flags, count, first))

    def get_block(self, block: int, wanted: int) -> Mapped:
        """The file system's get_block, asked for so many blocks from one on."""
        if self.io.script is None:
            return self._ext2(block, wanted)
        self.io.add(Record(int(Io.GET_BLOCK), 0, wanted, block))
        return self._scripted(self.io.script, block, wanted)

    def _scripted(self, script: Script, block: int, wanted: int) -> Mapped:
        """kmod/script.c script_get_block()."""
        number = script.run_of.get(block)
        if number is None:
            return _HOLE
        run = script.runs[number]
        if run.flags & _ERROR:
            return Mapped(failed=True)
        if run.metadata != _WHOLE and number not in script.known:
            self.note(Io.READ, int(IoFlag.META), run.metadata, 1)
            script.known.add(number)
        count = 1
        if not run.flags & (_SINGLE | _UPTODATE):
            while count < wanted and script.run_of.get(block + count) == number:
                count += 1
        boundary = bool(run.flags & _BOUNDARY) and block + count == run.end
        at = run.at + block - run.first
        return Mapped(at, count, boundary, bool(run.flags & _UPTODATE))

    def _ext2(self, block: int, wanted: int) -> Mapped:
        """ext2_get_block(): the blocks that follow each other up to the next boundary."""
        place = self.io.place
        for number in self.rules.ext2_path(block):
            if number not in place:
                return _HOLE
            if self.rules.ext2_reads_indirect(number in self.io.cached):
                self.note(Io.READ, 0, place[number], 1)
                self.io.cached.add(number)
        if block not in place:
            return _HOLE
        direct = block < blockio.DIRECT
        to_boundary = (
            blockio.DIRECT - 1 - block
            if direct
            else blockio.POINTERS - 1 - (block - blockio.DIRECT) % blockio.POINTERS
        )
        count = 1
        while count < wanted and count <= to_boundary:
            if place.get(block + count) != place[block] + count:
                break
            count += 1
        return Mapped(place[block], count, self.rules.ext2_boundary(count, to_boundary))

    def content(self, index: int, blocks: list[int | None]) -> Content:
        """What a page holds into which these blocks were read; None: zeros."""
        if self.io.script is not None:
            return blockio.filled(blockio.sectors_of(blocks, self.size))
        assert self.entry.disk is not None
        return EMPTY if blocks[0] is None else self.entry.disk[index]


class Reader:
    """do_mpage_readpage() of one page after another, and the bio that it carries along."""

    def __init__(self, rules: Rules, state: State, file: int, *, readahead: bool) -> None:
        self.rules = rules
        self.state = state
        self.disk = Disk(rules, state, file)
        self.cache = self.disk.entry.cache
        self.flags = int(IoFlag.RAHEAD) if rules.mpage_is_rahead(readahead) else 0
        self.bio: list[int] = []  # first block and number of blocks; empty: none is pending
        self.sent: list[Page] = []  # the pages of that bio
        self.last = 0  # last_block_in_bio
        self.map = _HOLE  # map_bh
        self.valid = False  # buffer_mapped(map_bh)
        self.first = 0  # first_logical_block

    def submit(self) -> None:
        """mpage_bio_submit(), if there is a bio."""
        if self.bio and not self.disk.read(self.flags, *self.bio):
            for page in self.sent:
                page.flags &= ~self.rules.bio_failed()
        self.bio, self.sent = [], []

    def failed(self, index: int) -> bool:
        """Is a page not up to date, with nothing on its way that it waits for?"""
        page = self.state.pages[self.cache[index]]
        return not page.flags & G_UPTODATE

    def page(self, index: int, pages: int) -> None:
        """Read a page; pages are left to read, this one included."""
        rules, per_page = self.rules, self.disk.per_page
        page = self.state.page(self.cache[index])
        if rules.mpage_has_buffers(page.flags):
            self._by_buffers(index, page)
            return
        first = index * per_page
        blocks = self._reused(first)
        last = rules.mpage_last_block(first + pages * per_page, self.disk.blocks)
        found = self._mapped(index, page, blocks, last)
        if found is None:
            self._by_buffers(index, page)
            return
        hole = rules.mpage_length(found, per_page)
        if not hole:
            page.content = EMPTY
            page.flags |= G_UPTODATE
            if rules.mpage_empty_pushes():
                self.submit()
            return
        self._send(index, page, blocks, hole)

    def _reused(self, first: int) -> list[int]:
        """The page's blocks that the last answer of get_block tells already."""
        at, count = self.map.at, self.map.blocks
        if at is None or not self.rules.mpage_reuses(self.valid, first, self.first, count):
            return []
        offset = first - self.first
        length = min(count - offset, self.disk.per_page)
        self.valid = length < count - offset
        return list(range(at + offset, at + offset + length))

    def _mapped(self, index: int, page: Page, blocks: list[int], last: int) -> int | None:
        """Map the rest of the page's blocks; the first hole, or None for a page to give up on."""
        rules, per_page = self.rules, self.disk.per_page
        done, hole = len(blocks), per_page
        while done < per_page:
            block = index * per_page + done
            self.map, self.valid = _HOLE, False
            if block < last:
                wanted = rules.mpage_wants(block, last)
                answer = self.disk.get_block(block, wanted)
                if rules.mpage_error_gives_up(answer.failed):
                    return None
                self.first, self.valid = block, answer.at is not None
                # the size stays what was asked for where there is a hole
                self.map = answer if answer.at is not None else Mapped(blocks=wanted)
            if self.map.at is None:
                hole = min(hole, done)
                done += 1
                continue
            if rules.mpage_filled(self.map.uptodate):
                self._filled(page, index, done)
                return None
            if rules.mpage_after_hole(hole != per_page):
                return None
            if rules.mpage_scattered(blocks[-1] if blocks else None, self.map.at):
                return None
            length = min(self.map.blocks, per_page - done)
            self.valid = length < self.map.blocks
            blocks.extend(range(self.map.at, self.map.at + length))
            done += length
        return hole

    def _filled(self, page: Page, index: int, done: int) -> None:
        """map_buffer_to_folio(): get_block has filled in a block of the page."""
        at = self.map.at
        flags = self.rules.mpage_filled_page(self.disk.per_page)
        if flags & G_UPTODATE:
            page.flags |= flags
            page.content = self.disk.content(index, [at])
            return
        buffers = self._add_buffers(page, index, flags)
        buffers[done] = Buffer(at, True)
        self.disk.io.buffers[self.cache[index]] = tuple(buffers)

    def _send(self, index: int, page: Page, blocks: list[int], length: int) -> None:
        """Add the page's first blocks to a bio; its rest is zeroed."""
        rules, per_page, script = self.rules, self.disk.per_page, self.disk.io.script
        if self.bio and rules.mpage_breaks_run(self.last, blocks[0]):
            self.submit()
        whole = length == per_page
        page.content = self.disk.content(index, [*blocks[:length], *[None] * (per_page - length)])
        page.flags |= G_UPTODATE
        if not self.bio:
            takes = script is not None and script.rw_page
            if takes and self.disk.is_bad(blocks[0], per_page):
                takes = rules.rw_page_failed()
            if rules.mpage_without_bio(takes, whole):
                self.disk.note(Io.RW_PAGE, 0, blocks[0], per_page)
                return
            self.bio = [blocks[0], 0]
        self.bio[1] += length
        self.sent.append(page)
        relative = (index + 1) * per_page - self.first
        pushed = rules.mpage_pushes(self.map.boundary, relative, self.map.blocks)
        if rules.mpage_tail_pushes(whole) or pushed:
            self.submit()
        else:
            self.last = blocks[-1]

    # ---- confused ---------------------------------------------------------------------

    def _by_buffers(self, index: int, page: Page) -> None:
        """What is pending goes off; a page that is not up to date is read block by block."""
        rules = self.rules
        self.submit()
        if page.flags & G_UPTODATE:
            return
        buffers = self._add_buffers(page, index, self.rules.read_gives_buffers())
        wanted: list[int] = []
        for at, buffer in enumerate(buffers):
            if buffer.uptodate:
                continue
            found = self._map_buffer(index * self.disk.per_page + at, buffer)
            buffers[at] = found
            if not found.uptodate and found.at is not None:
                if wanted and rules.buffers_go_early():
                    self._read_buffers(buffers, wanted)
                    wanted = []
                wanted.append(at)
        self._read_buffers(buffers, wanted)
        self.disk.io.buffers[self.cache[index]] = tuple(buffers)
        if self.rules.buffers_fill(tuple(buffer.uptodate for buffer in buffers)):
            page.flags |= G_UPTODATE
            page.content = self.disk.content(index, [buffer.at for buffer in buffers])

    def _add_buffers(self, page: Page, index: int, flags: int) -> list[Buffer]:
        if not page.flags & G_PRIVATE and flags & G_PRIVATE:
            page.flags |= G_PRIVATE
            page.ref += 1
        empty = (Buffer(None, False),) * self.disk.per_page
        return list(self.disk.io.buffers.get(self.cache[index], empty))

    def _map_buffer(self, block: int, buffer: Buffer) -> Buffer:
        """Where a block is; a hole is up to date, one that cannot be told is not."""
        if buffer.at is not None:
            return buffer
        if not self.rules.buffer_asks(block, self.disk.blocks):
            return Buffer(None, True)
        answer = self.disk.get_block(block, 1)
        return Buffer(answer.at, not answer.failed and (answer.at is None or answer.uptodate))

    def _read_buffers(self, buffers: list[Buffer], wanted: list[int]) -> None:
        """submit_bh() of each."""
        step = self.rules.buffer_bio_blocks()
        for number in range(0, len(wanted), step):
            at = buffers[wanted[number]].at
            assert at is not None
            count = min(step, len(wanted) - number)
            good = self.disk.read(0, at, count) or self.rules.buffer_failed()
            for buffer in wanted[number : number + count]:
                buffers[buffer] = Buffer(buffers[buffer].at, good)


def read_folio(rules: Rules, state: State, file: int, index: int) -> int:
    """mpage_read_folio() of a page, which comes into the cache if it is not there."""
    entry = state.files[file]
    assert entry.io is not None
    if index not in entry.cache:
        _add_page(rules, state, file, index)
    _attach(state, file, index)
    reader = Reader(rules, state, file, readahead=False)
    reader.page(index, 1)
    reader.submit()
    return entry.cache[index]


def _add_page(rules: Rules, state: State, file: int, index: int) -> None:
    state.cache_new(file, index, rules.readahead_flags())


def _attach(state: State, file: int, index: int) -> None:
    """A page that the script wants buffers for gets them before it is read."""
    entry = state.files[file]
    script = entry.io.script if entry.io is not None else None
    if script is None or index not in script.buffers:
        return
    script.buffers.discard(index)
    page = state.page(entry.cache[index])
    if not page.flags & G_PRIVATE:
        page.flags |= G_PRIVATE
        page.ref += 1


def readahead(
    rules: Rules, state: State, file: int, first: int, pages: int, take: int, late: int
) -> None:
    """page_cache_ra_unbounded().

    Args:
        take: how many pages a scripted file's ->readahead reads; abi.WHOLE: all.
        late: how many pages are asynchronous.
    """
    entry = state.files[file]
    assert entry.io is not None
    entry.io.cached.clear()
    batch: list[int] = []
    for index in rules.readahead_order(first, pages):
        if rules.readahead_splits(index in entry.cache):
            take, late = _read_batch(rules, state, file, batch, take, late)
            batch = []
        elif index not in entry.cache:
            _add_page(rules, state, file, index)
            batch.append(index)
    _read_batch(rules, state, file, batch, take, late)


def _read_batch(
    rules: Rules, state: State, file: int, batch: list[int], take: int, late: int
) -> tuple[int, int]:
    """read_pages(): ->readahead, and what it left; take and late that remain."""
    if not batch:
        return take, late
    for index in batch:
        _attach(state, file, index)
    io = state.files[file].io
    assert io is not None
    taken = len(batch) if io.script is None else min(take, len(batch))
    reader = Reader(rules, state, file, readahead=True)
    read = 0
    while read < taken:
        reader.page(batch[read], rules.pages_left(taken, read))
        read += 1
        if rules.mpage_stops(reader.failed(batch[read - 1])):
            break
    reader.submit()
    for index in batch[read:]:
        if rules.leftover_goes(late):
            late = max(late - 1, 0)
            _forget(state, file, index)
    return take if take == _WHOLE else take - taken, late


def _forget(state: State, file: int, index: int) -> None:
    """filemap_remove_folio(): with its last reference the page goes, and its buffers."""
    page = state.cache_remove(file, index)
    frame = state.page(page)
    if frame.flags & G_PRIVATE:
        frame.ref -= 1
    state.put(page)
