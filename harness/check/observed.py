"""What the guest's snapshots show: a mirror, updated by each one's changes.

The guest is not trusted: sections and records are validated, and the mirror is
bounded by the ABI's limits.
"""

from __future__ import annotations

from typing import TypeAlias

from .. import abi
from ..abi import Section

# ("t", process, index)  ("h", slot, index)  ("c", file, index)  ("r", process)
# ("v", process)  ("f", file)  ("i", file): the same as the model's keys, but for pages.
Key: TypeAlias = tuple[str, int] | tuple[str, int, int]

_PAGES_MAX = abi.ARENA_PAGES_MAX * abi.PROCESSES_MAX
_SIZES = {int(section): record.size for section, record in abi.SECTION_RECORDS.items()}
_HEAD, _section_at = abi.SECTION.size, abi.SECTION.unpack_from
# Plain numbers: enums are slow.
_PTE, _PAGE, _GONE, _HELD = (
    int(kind) for kind in (Section.PTE, Section.PAGE, Section.GONE, Section.HELD)
)
_CACHE, _VMA, _RSS, _IO = (
    int(kind) for kind in (Section.CACHE, Section.VMA, Section.RSS, Section.IO)
)


class Observed:
    """The guest's state as its snapshots tell it.

    Attributes:
        pte: ("t", process, page of the arena) -> (flags, pfn).
        page: pfn -> (ref, map, flags, tail, pins, digest, word...).
        held: ("h", slot, index) -> pfn.
        cache: ("c", file slot, page of the file) -> pfn.
        rss: process -> (alive, anon, file, shmem, swap).
        vma: process -> ((start, end, flags, file, pgoff), ...).
        file: file slot -> size.
        io: file slot -> what its disk was asked so far: (kind, flags, count, first), ...
    """

    __slots__ = ("cache", "file", "held", "io", "page", "pte", "rss", "vma")

    def __init__(self) -> None:
        self.pte: dict[Key, tuple[int, int]] = {}
        self.page: dict[int, tuple[int, ...]] = {}
        self.held: dict[Key, int] = {}
        self.cache: dict[Key, int] = {}
        self.rss: dict[int, tuple[int, ...]] = {}
        self.vma: dict[int, tuple[tuple[int, ...], ...]] = {}
        self.file: dict[int, int] = {}
        self.io: dict[int, tuple[tuple[int, ...], ...]] = {}

    def entry(self, process: int, index: int) -> tuple[int, int]:
        """Flags and pfn of what maps a page of the arena; zeros where nothing does."""
        found = self.pte.get(("t", process, index))
        if found is not None:
            return found
        first = index & -abi.HUGE_PAGES
        flags, pfn = self.pte.get(("t", process, first), (0, 0))
        return (flags, pfn + index - first) if flags & abi.PteFlag.HUGE else (0, 0)

    def apply(self, snapshot: bytes) -> tuple[list[Key], list[int]]:
        """Take in one snapshot's changes.

        Returns:
            Keys of entries that changed, and pfns of pages that changed or went.

        Raises:
            ValueError: not a snapshot.
        """
        keys: list[Key] = []
        frames: list[int] = []
        at, end, last = 0, len(snapshot), 0
        while at < end:
            if end - at < _HEAD:
                raise ValueError("snapshot: stray bytes")
            kind, size, count = _section_at(snapshot, at)
            at += _HEAD
            if kind <= last or kind not in _SIZES or size != _SIZES[kind]:
                raise ValueError(f"snapshot: section {kind} with records of {size} bytes")
            last = kind
            stop = at + size * count
            if stop > end:
                raise ValueError(f"snapshot: section {kind} is cut short")
            self._section(kind, snapshot[at:stop], keys, frames)
            at = stop
        if len(self.page) > _PAGES_MAX:
            raise ValueError(f"snapshot: more than {_PAGES_MAX} pages")
        return keys, frames

    def _section(self, kind: int, body: bytes, keys: list[Key], frames: list[int]) -> None:
        if kind == _PTE:
            self._ptes(body, keys)
        elif kind == _PAGE:
            for record in abi.PAGE_RECORD.iter_unpack(body):
                self.page[record[0]] = record[1:]
                frames.append(record[0])
        elif kind == _GONE:
            for (pfn,) in abi.GONE_RECORD.iter_unpack(body):
                self.page.pop(pfn, None)
                frames.append(pfn)
        elif kind == _HELD:
            _pfns(self.held, "h", body, keys)
        elif kind == _CACHE:
            _pfns(self.cache, "c", body, keys)
        elif kind == _VMA:
            self._vmas(body, keys)
        elif kind == _IO:
            self._asked(body, keys)
        else:
            self._counters(kind, body, keys)

    def _ptes(self, body: bytes, keys: list[Key]) -> None:
        table = self.pte
        for process, flags, index, pfn in abi.PTE_RECORD.iter_unpack(body):
            key = ("t", process, index)
            if flags:
                table[key] = (flags, pfn)
            else:
                table.pop(key, None)
            keys.append(key)

    def _counters(self, kind: int, body: bytes, keys: list[Key]) -> None:
        if kind == _RSS:
            for process, *counters in abi.RSS_RECORD.iter_unpack(body):
                self.rss[process] = tuple(counters)
                keys.append(("r", process))
        else:
            for file, size in abi.FILE_RECORD.iter_unpack(body):
                self.file[file] = size
                keys.append(("f", file))

    def _asked(self, body: bytes, keys: list[Key]) -> None:
        found: dict[int, list[tuple[int, ...]]] = {}
        for file, number, *record in abi.IO_RECORD.iter_unpack(body):
            known = found.setdefault(file, list(self.io.get(file, ())))
            if number != len(known) or number >= abi.IO_MAX:
                raise ValueError(f"snapshot: record {number} of file {file} is out of order")
            known.append(tuple(record))
        for file, records in found.items():
            self.io[file] = tuple(records)
            keys.append(("i", file))

    def _vmas(self, body: bytes, keys: list[Key]) -> None:
        lists: dict[int, list[tuple[int, ...]]] = {}
        for process, start, end, *rest in abi.VMA_RECORD.iter_unpack(body):
            found = lists.setdefault(process, [])
            if start != end:
                found.append((start, end, *rest))
        for process, vmas in lists.items():
            self.vma[process] = tuple(vmas)
            keys.append(("v", process))


def _pfns(table: dict[Key, int], mark: str, body: bytes, keys: list[Key]) -> None:
    """Held sets and caches: records of (a, b, pfn); pfn 0 takes the entry out."""
    for first, second, pfn in abi.HELD_RECORD.iter_unpack(body):
        key = (mark, first, second)
        if pfn:
            table[key] = pfn
        else:
            table.pop(key, None)
        keys.append(key)
