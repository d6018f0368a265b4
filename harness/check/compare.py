"""One branch of the model against what was seen.

Frames are reused, so pages are compared through a partial bijection between
the model's live pages and the guest's frames; a pair ends when the model's
page is freed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .. import abi
from ..model import State
from ..model.blockio import Record, record_text
from ..model.content import UNKNOWN, Content
from ..model.state import BAR_PAGE, FRAME_OFFSET, ROM_PAGE, ZERO_PAGE, Absent
from .observed import Key, Observed


class Pairs:
    """Model page <-> frame; slots of swap are negative numbers, and frames as they are named."""

    __slots__ = ("base", "frame", "page")

    def __init__(self, zero_pfn: int) -> None:
        self.frame = {ZERO_PAGE: zero_pfn}
        self.page = {zero_pfn: ZERO_PAGE}
        self.base: dict[int, tuple[int, int]] = {}  # page of the kernel's own -> ref, map

    def clone(self) -> Pairs:
        other = Pairs.__new__(Pairs)
        other.frame = dict(self.frame)
        other.page = dict(self.page)
        other.base = dict(self.base)
        return other

    def drop(self, page: int) -> None:
        """The model's page was freed: its frame may become another page."""
        pfn = self.frame.pop(page, None)
        if pfn is not None:
            del self.page[pfn]

    def match_slot(self, slot: int, frame: int) -> bool:
        """Is this named the slot? As ``match``."""
        known = self.frame.get(-slot)
        if known is not None:
            return known == frame
        if frame < abi.FRAME_SWAP or frame in self.page:
            return False
        self.frame[-slot] = frame
        self.page[frame] = -slot
        return True

    def match(self, state: State, page: int, pfn: int) -> bool:
        """Is this frame that page? A pair of two strangers is made and kept.

        The pages of a compound page, and their frames, follow each other.
        """
        known = self.frame.get(page)
        if known is not None:
            return known == pfn
        if page >= ROM_PAGE and fixed_frame(page) != pfn:
            return False
        frame = state.pages[page]
        if frame.size == 1 and not frame.tail:
            if pfn in self.page:
                return False
            self.frame[page] = pfn
            self.page[pfn] = page
            return True
        page, pfn = page - frame.tail, pfn - frame.tail
        pages = state.pages[page].size
        if any(pfn + i in self.page for i in range(pages)):
            return False
        for i in range(pages):
            self.frame[page + i] = pfn + i
            self.page[pfn + i] = page + i
        return True


_NO_WORDS = (0,) * abi.TOUCH_MAX
# What a snapshot has of each page that is mapped, held or cached, in a record's order; what
# comes then is content too.
PAGE_FIELDS = ("ref", "map", "flags", "tail", "pins", "content")
# What else it has, by the first part of a key.
KINDS = {"t": "pte", "h": "held", "c": "cache", "r": "rss", "v": "vma", "f": "size", "i": "io"}


def fixed_frame(page: int) -> int:
    """The frame of a page of the device memory or the ROM, as snapshots name it."""
    return page - BAR_PAGE + abi.FRAME_BAR if page >= BAR_PAGE else page - ROM_PAGE


_CONTENT = 5  # where in a page's record its content begins
# Only what changed travels: a process of which nothing was said lives and maps nothing.
_EMPTY_RSS = (1, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing that differs.

    Attributes:
        key: what, as the model names it (("p", page id) or ("n", pfn) for pages).
        seen, expected: both sides, decoded for people; expected None: nothing there.
        field: the kind of thing that differs, and its first part that does: "pte write",
            "page ref", "rss".
    """

    key: Key
    seen: str | None
    expected: str | None
    field: str = ""


def flag_names(flags: int, kind: type[abi.PteFlag] | type[abi.PageFlag] | type[abi.VmaFlag]) -> str:
    """The names of the bits that are set."""
    return " ".join(str(flag.name).lower() for flag in kind if flags & flag) or "-"


def entries(
    state: State, pairs: Pairs, observed: Observed, keys: Iterable[Key]
) -> Difference | None:
    """Everything but pages; makes the pairs that pages are then compared by."""
    # Nearly every key is an entry or a held page, of a page whose frame is known, and agrees:
    # that is told here, without a call.
    mms, seen_at, frame_of = state.mms, observed.pte.get, pairs.frame.get
    held_of, held_at = state.held.get, observed.held.get
    for key in keys:
        kind = key[0]
        if kind == "t":
            mm = mms.get(key[1])
            pte = mm.ptes.get(key[-1]) if mm is not None else None
            if pte is not None and seen_at(key) == (pte[0], frame_of(pte[1])):
                continue
            difference = _pte(state, pairs, observed, key)
        elif kind == "h":
            held, at = held_of(key[1], ()), key[-1]
            page = held[at] if at < len(held) else None
            if held_at(key) == (None if page is None else frame_of(page, -1)):
                continue
            difference = _frame(state, pairs, observed, key)
        elif kind == "c":
            difference = _frame(state, pairs, observed, key)
        else:
            difference = _plain(state, pairs, observed, key)
        if difference is not None:
            return difference
    return None


def _pte(state: State, pairs: Pairs, observed: Observed, key: Key) -> Difference | None:
    _, process, index = key  # type: ignore[misc]
    mm = state.mms.get(process)
    seen = observed.pte.get(key)
    absent = mm.absent.get(index) if mm is not None else None
    if absent is not None:
        return _absent(pairs, key, absent, seen)
    expected = mm.ptes.get(index) if mm is not None else None
    if seen is None and expected is None:
        return None
    if (
        seen is not None
        and expected is not None
        and seen[0] == expected.flags
        and pairs.match(state, expected.page, seen[1])
    ):
        return None
    return Difference(
        key,
        None
        if seen is None
        else f"{flag_names(seen[0], abi.PteFlag)}, {_frame_name(pairs, seen[1])}",
        None
        if expected is None
        else f"{flag_names(expected.flags, abi.PteFlag)}, {page_name(expected.page)}",
        _pte_field(seen, expected.flags if expected is not None else 0),
    )


def _pte_field(seen: tuple[int, int] | None, expected: int) -> str:
    """The first thing in which an entry differs: a flag, or else what it maps."""
    changed = (seen[0] if seen is not None else 0) ^ expected
    name = next((str(flag.name).lower() for flag in abi.PteFlag if changed & flag), "page")
    return f"pte {name}"


def _absent(
    pairs: Pairs, key: Key, expected: Absent, seen: tuple[int, int] | None
) -> Difference | None:
    """An entry that is not present: a marker, or one of swap."""
    slot = expected.slot
    if seen is not None and seen[0] == expected.flags:
        same = pairs.match_slot(slot, seen[1]) if slot else not seen[1]
        if same:
            return None
    meant = flag_names(expected.flags, abi.PteFlag) + (f", {slot_name(slot)}" if slot else "")
    field = _pte_field(seen, expected.flags)
    if seen is None:
        return Difference(key, None, meant, field)
    shown = f"{flag_names(seen[0], abi.PteFlag)}, {_frame_name(pairs, seen[1])}"
    return Difference(key, shown, meant, field)


def slot_name(slot: int) -> str:
    """How messages call a slot of the swap area."""
    return f"slot #{slot}"


def page_name(page: int) -> str:
    """How messages call a page of the model, or as a negative number a slot."""
    if page < 0:
        return slot_name(-page)
    if page >= ROM_PAGE:
        return f"BAR[{page - BAR_PAGE}]" if page >= BAR_PAGE else f"ROM frame {page - ROM_PAGE:#x}"
    return "zero page" if page == ZERO_PAGE else f"page #{page}"


def _frame_name(pairs: Pairs, pfn: int) -> str:
    page = pairs.page.get(pfn)
    if page is None and pfn >= abi.FRAME_BAR:
        return page_name(pfn - abi.FRAME_BAR + BAR_PAGE)
    return "a new page" if page is None else page_name(page)


def _frame(state: State, pairs: Pairs, observed: Observed, key: Key) -> Difference | None:
    """One held page, or one page of a file's cache."""
    kind, table, index = key  # type: ignore[misc]
    if kind == "h":
        held = state.held.get(table, [])
        expected = held[index] if index < len(held) else None
        seen = observed.held.get(key)
    else:
        expected = cached(state, table, index)
        seen = observed.cache.get(key)
    if seen is None and expected is None:
        return None
    if seen is not None and expected is not None:
        slot = -expected
        if pairs.match_slot(slot, seen) if slot > 0 else pairs.match(state, expected, seen):
            return None
    return Difference(
        key,
        None if seen is None else _frame_name(pairs, seen),
        None if expected is None else page_name(expected),
        KINDS[kind],
    )


def cached(state: State, slot: int, index: int) -> int | None:
    """A page that the model has in a file's cache or, as a negative number, in a slot of swap."""
    number = state.slots.get(slot)
    if number is None:
        return None
    file = state.files[number]
    return -file.swapped[index] if index in file.swapped else file.cache.get(index)


def _plain(state: State, pairs: Pairs, observed: Observed, key: Key) -> Difference | None:
    """RSS, VMAs, file sizes and what disks were asked: equal or not."""
    kind, number = key[0], key[1]
    seen: object
    expected = plain(state, kind, number)
    if kind == "r":
        seen = observed.rss.get(number, _EMPTY_RSS)
    elif kind == "v":
        seen = observed.vma.get(number, ())
    elif kind == "i":
        seen = observed.io.get(number, ())
    else:
        seen = observed.file.get(number, 0)
    if seen == expected or expected is UNKNOWN:
        return None
    if kind == "v" and _same_vmas(state, pairs, seen, expected):
        return None
    return Difference(key, _shown(kind, seen), _shown(kind, expected), KINDS[kind])


def _same_vmas(state: State, pairs: Pairs, seen: object, expected: object) -> bool:
    """The same but for offsets that are frames, which have to be those of the right pages."""
    assert isinstance(seen, tuple)
    assert isinstance(expected, tuple)
    return len(seen) == len(expected) and all(
        one[:-1] == other[:-1]
        and (
            one[-1] == other[-1]
            or (
                other[-1] - FRAME_OFFSET in state.pages
                and pairs.match(state, other[-1] - FRAME_OFFSET, one[-1])
            )
        )
        for one, other in zip(seen, expected, strict=True)
    )


def plain(state: State, kind: str, number: int) -> object:
    """A process's RSS ("r") or VMAs ("v"), or a file's size ("f") or io ("i")."""
    if kind == "r":
        return _rss(state, number)
    if kind == "v":
        return _vmas(state, number)
    file = state.slots.get(number)
    if kind == "i":
        io = state.files[file].io if file is not None else None
        if io is not None and not io.known:
            return UNKNOWN
        return io.records if io is not None else ()
    return state.files[file].size if file is not None else 0


def _shown(kind: str, value: object) -> str | None:
    if value is None:
        return None
    if kind == "r" and isinstance(value, tuple):
        alive, anon, file, shmem, swap = value
        gone = "" if alive else "gone, "
        return f"{gone}anon {anon}, file {file}, shmem {shmem}, swap {swap}"
    if kind == "v" and isinstance(value, tuple):
        parts = [
            f"[{start},{end}) {flag_names(flags, abi.VmaFlag)} file {file} pgoff {pgoff}"
            for start, end, flags, file, pgoff in value
        ]
        return "; ".join(parts) or "none"
    if kind == "i" and isinstance(value, tuple):
        return ", ".join(asked_text(Record(*record)) for record in value) or "nothing"
    return str(value)


def asked_text(record: Record) -> str:
    """One thing that a disk was asked."""
    what = "get_block " if record.kind == abi.Io.GET_BLOCK else ""
    return what + record_text(record)


def _rss(state: State, process: int) -> tuple[int, ...] | None:
    mm = state.mms.get(process)
    return None if mm is None else (int(mm.alive), *mm.rss)


def _vmas(state: State, process: int) -> tuple[tuple[int, ...], ...]:
    """The VMA list as the module sends it: neighbours of equal attributes joined."""
    mm = state.mms.get(process)
    if mm is None:
        return ()
    joined: list[tuple[int, ...]] = []
    for vma in mm.vmas:
        file, pgoff = _vma_file(state, vma.file, vma.pgoff)
        if joined:
            start, end, flags, other, offset = joined[-1]
            goes_on = file in (abi.FILE_NONE, abi.FILE_OTHER) or offset + end - start == pgoff
            if end == vma.start and flags == vma.flags and other == file and goes_on:
                joined[-1] = (start, vma.end, flags, file, offset)
                continue
        joined.append((vma.start, vma.end, vma.flags, file, pgoff))
    return tuple(joined)


def _vma_file(state: State, file: int, pgoff: int) -> tuple[int, int]:
    if file < 0:
        return abi.FILE_NONE, 0
    slot = state.files[file].slot
    return (slot + 1, pgoff) if slot >= 0 else (abi.FILE_OTHER, 0)


def shown_words(touches: tuple[int, ...]) -> tuple[int, ...]:
    """Indexes of the words that a page's record has; -1, which no page has, for unused ones.

    Args:
        touches: offsets in a page, multiples of 8.
    """
    return tuple(offset >> 3 for offset in touches) + (-1,) * (abi.TOUCH_MAX - len(touches))


def pages(
    state: State,
    pairs: Pairs,
    observed: Observed,
    wanted: set[int],
    frames: Iterable[int],
    words: tuple[int, ...],
) -> Difference | None:
    """Pages that changed on either side.

    Args:
        wanted: the model's pages; those of the frames are added.
        frames: pfns of the snapshot.
        words: as ``shown_words`` gives them.
    """
    page_of, frame_of, seen_of = pairs.page.get, pairs.frame.get, observed.page.get
    for pfn in frames:
        page = page_of(pfn)
        if page is not None:
            wanted.add(page)
        elif pfn in observed.page:
            return Difference(("n", pfn), _page_text(observed.page[pfn]), None, "page")
    record_of = state.record
    for number in wanted:
        record = record_of(number)
        seen = seen_of(frame_of(number, -1))
        if record is None:
            expected = None
        else:
            *counts, content = record
            shown = _shown_words(content, words) if content.words else _NO_WORDS
            expected = (*counts, content.digest, *shown)
            if content is UNKNOWN and seen is not None:
                expected = _of_kernel(state, pairs, number, expected, seen)
        if seen != expected:
            return Difference(
                ("p", number),
                None if seen is None else _page_text(seen),
                None if expected is None else _page_text(expected),
                _page_field(seen, expected),
            )
    return None


def _page_field(seen: tuple[int, ...] | None, expected: tuple[int, ...] | None) -> str:
    """The first field in which a page's records differ."""
    if seen is None or expected is None:
        return "page"
    at = next(at for at, value in enumerate(seen) if value != expected[at])
    return f"page {PAGE_FIELDS[min(at, _CONTENT)]}"


def _shown_words(content: Content, words: tuple[int, ...]) -> tuple[int, ...]:
    word = content.words.get
    return tuple([word(index, 0) for index in words])


def _of_kernel(
    state: State,
    pairs: Pairs,
    number: int,
    expected: tuple[int, ...],
    seen: tuple[int, ...],
) -> tuple[int, ...]:
    """What is expected of a page that holds what nobody knows: its content is as seen.

    The counts of a page of the kernel's own are differences to when it was first seen.
    """
    ref, mapped, *rest = expected[:_CONTENT]
    if state.pages[number].foreign:
        base = pairs.base.setdefault(number, (seen[0] - ref, seen[1] - mapped))
        ref, mapped = ref + base[0], mapped + base[1]
    return (ref, mapped, *rest, *seen[_CONTENT:])


def _page_text(page: tuple[int, ...]) -> str:
    ref, mapped, flags, tail, pins, digest, *words = page
    shown = " ".join(word.to_bytes(8, "little").hex() for word in words)
    return (
        f"ref {ref} map {mapped} {flag_names(flags, abi.PageFlag)} tail {tail} pins {pins}"
        f" digest {digest:016x} words {shown}"
    )
