"""What a file's disk was asked, and where the file's blocks lie.

A scripted file's blocks lie where the program says; one of ext2 gets them one
behind another, if it is written from its beginning to its end and nothing else
is meanwhile, each indirect block in front of the first that it leads to. Where
else ext2 puts them depends on its reservations, and nobody knows it here.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .. import abi
from ..abi import Block, Io, IoFlag
from .content import Content

SECTOR = 512
_WORDS = SECTOR // 8
_MASK = (1 << 64) - 1
DIRECT = 12  # blocks of an ext2 file that its inode leads to (EXT2_NDIR_BLOCKS)
POINTERS = abi.PAGE_SIZE // 4  # block numbers in one indirect block


class Record(NamedTuple):
    """One thing asked, as a snapshot shows it (struct pl_io_record): abi.Io, abi.IoFlag, ..."""

    kind: int
    flags: int
    length: int
    first: int


class Run(NamedTuple):
    """What get_block says of the blocks from first up to end."""

    first: int
    end: int
    at: int
    metadata: int
    flags: int


class Script:
    """A scripted file's blocks.

    Attributes:
        size: bytes of a block.
        rw_page: the disk takes whole pages without a bio.
        run_of: block -> number of its run; the others are holes.
        known: the runs whose metadata was read.
        buffers: pages that are to have buffers when they are read.
    """

    __slots__ = ("buffers", "known", "run_of", "runs", "rw_page", "size")

    def __init__(self, size: int, rw_page: bool) -> None:
        self.size = size
        self.rw_page = rw_page
        self.runs: tuple[Run, ...] = ()
        self.run_of: dict[int, int] = {}
        self.known: set[int] = set()
        self.buffers: set[int] = set()

    def clone(self) -> Script:
        other = Script(self.size, self.rw_page)
        other.runs = self.runs
        other.run_of = dict(self.run_of)
        other.known = set(self.known)
        other.buffers = set(self.buffers)
        return other

    def is_bad(self, first: int, count: int) -> bool:
        """Whether the disk cannot read one of these blocks of its own."""
        return any(
            run.flags & Block.BAD
            and first < run.at + run.end - run.first
            and first + count > run.at
            for run in self.runs
        )

    def add(self, run: Run) -> None:
        """What was said of these blocks before holds no more."""
        self.run_of.update(dict.fromkeys(range(run.first, run.end), len(self.runs)))
        self.runs = (*self.runs, run)


class Buffer(NamedTuple):
    """A buffer of a page: the disk's block, if it is known, and whether it was read."""

    at: int | None
    uptodate: bool


class FileIo:
    """What was asked of one file's disk, and what its blocks are.

    Attributes:
        records: in order.
        told: how many of them were looked at for text, of bios and of get_block.
        script: None for a file of ext2.
        buffers: page -> its buffers, as long as it is not up to date.
        place: block, or -1 - n for the n-th indirect one, -> where, counted from
            the file's first; of ext2.
        cached: indirect blocks that a call has read.
        known: that is where they are: nobody knows what was asked otherwise.
        crossed: another file got blocks since this one did.
        base: the sector that bios of ext2 count from; None before the first.
    """

    __slots__ = (
        "base",
        "buffers",
        "cached",
        "crossed",
        "known",
        "place",
        "records",
        "script",
        "told",
    )

    def __init__(self, script: Script | None = None) -> None:
        self.records: tuple[Record, ...] = ()
        self.told = {True: 0, False: 0}
        self.script = script
        self.buffers: dict[int, tuple[Buffer, ...]] = {}
        self.place: dict[int, int] = {}
        self.cached: set[int] = set()
        self.known = True
        self.crossed = False
        self.base: int | None = None

    def clone(self) -> FileIo:
        other = FileIo(self.script.clone() if self.script is not None else None)
        other.records = self.records
        other.told = dict(self.told)
        other.buffers = dict(self.buffers)
        other.place = dict(self.place)
        other.known = self.known
        other.crossed = self.crossed
        other.base = self.base
        return other

    def add(self, record: Record) -> None:
        """Note what was asked; the module has room for so much."""
        if len(self.records) < abi.IO_MAX:
            self.records = (*self.records, record)

    def text(self, bios: bool) -> str:
        """The bios (or else calls of get_block) not told of yet, as many as fit."""
        told: list[str] = []
        at = self.told[bios]
        while at < len(self.records):
            record = self.records[at]
            if bios != (record.kind == Io.GET_BLOCK):
                if len(", ".join((*told, record_text(record)))) > abi.DATA_MAX:
                    break
                told.append(record_text(record))
            at += 1
        self.told[bios] = at
        return ", ".join(told)

    # ---- ext2 -------------------------------------------------------------------

    def allocate(self, block: int, path: Iterable[int]) -> None:
        """A block of the file gets its place, and the indirect ones that lead to it, its path."""
        if block in self.place:
            return
        if self.place and (self.crossed or block < max(self.place)):
            self.known = False
        self.crossed = False
        for number in path:
            self.place.setdefault(number, len(self.place))
        self.place[block] = len(self.place)

    def shrink(self, blocks: int) -> None:
        """The file ends there; the blocks behind it are free."""
        if any(number >= blocks for number in self.place):
            self.known = False
        kept = {number: at for number, at in self.place.items() if number < blocks}
        led = {number for block in kept if block >= 0 for number in path(block)}
        self.place = {number: at for number, at in kept.items() if number >= 0 or number in led}


def path(block: int) -> tuple[int, ...]:
    """The indirect blocks that lead to a block of an ext2 file (ext2_block_to_path)."""
    block -= DIRECT
    if block < 0:
        return ()
    if block < POINTERS:
        return (-1,)
    return (-2, -2 - (block // POINTERS))


def record_text(record: Record) -> str:
    """As the module writes it: "RA 800+96"; "P" is a page without a bio."""
    where = f"{record.first}+{record.length}"
    if record.kind == Io.GET_BLOCK:
        return where
    letters = "P" if record.kind == Io.RW_PAGE else "R"
    letters += "A" if record.flags & IoFlag.RAHEAD else ""
    letters += "M" if record.flags & IoFlag.META else ""
    return f"{letters} {where}{' failed' if record.flags & IoFlag.FAILED else ''}"


@functools.lru_cache(maxsize=4096)
def _sector(sector: int, slot: int) -> tuple[dict[int, int], int]:
    """The words of a sector that comes to the slot-th 512 bytes of a page, and their digest."""
    first = slot * _WORDS
    words = {first + at: sector * _WORDS + at + 1 for at in range(_WORDS)}
    return words, sum(abi.mix(word, index) for index, word in words.items()) & _MASK


def filled(sectors: Sequence[int | None]) -> Content:
    """A page into which sectors of the module's disk were read; None: 512 zeros."""
    words: dict[int, int] = {}
    digest = 0
    for slot, sector in enumerate(sectors):
        if sector is not None:
            more, part = _sector(sector, slot)
            words.update(more)
            digest += part
    return Content(words, digest & _MASK)


def sectors_of(blocks: Iterable[int | None], size: int) -> list[int | None]:
    """The sectors that blocks of so many bytes consist of; None stays None."""
    count = size // SECTOR
    found: list[int | None] = []
    for block in blocks:
        at = range(block * count, (block + 1) * count) if block is not None else [None] * count
        found.extend(at)
    return found
