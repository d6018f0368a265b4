"""What two sides show, in words without any number of a machine's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from .. import abi
from ..abi import Kind
from ..check.compare import asked_text, flag_names
from ..check.describe import outcome_text, place_name
from ..model import Expected
from ..model.blockio import Record
from ..model.content import UNKNOWN, Content
from ..model.state import FRAME_OFFSET
from ..program import Compiled
from ..trace import Outcome

# How one side calls a page of its own.
Name = Callable[[int], str]
# start, end, flags, file, offset: as a snapshot has it.
Vma = tuple[int, ...]
_WORDS_MAX = 3
COUNTERS = ("anon", "file", "shmem", "swap")


def address(compiled: Compiled, value: int) -> str:
    """``m[1]+8``, or the number where it is outside of the arena."""
    index, offset = divmod(value - compiled.arena_start, abi.PAGE_SIZE)
    if not 0 <= index < compiled.arena_pages:
        return f"{value:#x}"
    place = place_name(compiled, index)
    return f"{place}+{offset}" if offset else place


def outcome(compiled: Compiled, op: abi.Op, said: Outcome | Expected, name: Name) -> str:
    """An outcome; addresses are places, a frame is its page."""
    frame = said.frame if isinstance(said, Expected) else None
    if frame is not None:
        return f"{said.ret}, frame of {name(frame)}"
    if op.code is abi.Code.FOLLOW_PFN and isinstance(said, Outcome):
        said = replace(said, data=b"")
    text = outcome_text(op, said)
    for value in (said.addr if said.kind is Kind.SIGNAL else 0, said.ret):
        if value > abi.PAGE_SIZE:
            text = text.replace(f"{value:#x}", address(compiled, value))
    return text


def entry(flags: int, page: int, name: Name) -> str:
    """What a page table has."""
    names = flag_names(flags, abi.PteFlag)
    return f"{names}, {name(page)}" if page else names


def flags(mine: int, changed: int, kind: type[abi.PageFlag] | type[abi.VmaFlag]) -> list[str]:
    """The flags in which two differ, as one of them has them."""
    return [
        f"{'' if mine & flag else 'not '}{str(flag.name).lower()}"
        for flag in kind
        if changed & flag
    ]


def content(mine: Content, other: Content) -> str:
    """The first words in which two pages differ, those of one of them."""
    if mine is UNKNOWN:
        return "unknown content"
    known = sorted({*mine.words, *other.words})
    odd = [at for at in known if mine.words.get(at, 0) != other.words.get(at, 0)]
    shown = [f"+{at * 8}: {mine.read(at * 8, 8)!r}" for at in odd[:_WORDS_MAX]]
    return "bytes " + ", ".join(shown) + (", ..." if len(odd) > _WORDS_MAX else "")


def rss(mine: object, other: object) -> str:
    """A process's counters that differ."""
    if not isinstance(mine, tuple):
        return "no process"
    alive, *counters = mine
    yours = other[1:] if isinstance(other, tuple) else (None,) * len(COUNTERS)
    told = [
        f"{name} {value}"
        for name, value, there in zip(COUNTERS, counters, yours, strict=True)
        if value != there
    ]
    return ", ".join(told if alive else ["gone", *told]) or "alive"


def vmas(mine: Iterable[Vma], other: Iterable[Vma], compiled: Compiled, name: Name) -> str:
    """Some VMAs; of one that the other side has too, the flags that differ alone."""
    there = {vma[:2]: vma[2] for vma in other}
    told = []
    for vma in mine:
        start, end, bits, *_ = vma
        changed = bits ^ there.get((start, end), bits)
        first, last = place_name(compiled, start), place_name(compiled, end - 1)
        place = first if first == last else f"{first} to {last}"
        odd = ", ".join(flags(bits, changed, abi.VmaFlag))
        told.append(f"{place} {odd or _vma(vma, compiled, name)}")
    return "; ".join(told) or "none"


def _vma(vma: Vma, compiled: Compiled, name: Name) -> str:
    _, _, bits, file, pgoff = vma
    files = {slot: word for word, slot in compiled.files.items()}
    text = flag_names(bits, abi.VmaFlag)
    if file == abi.FILE_OTHER:
        text += " of a file"
    elif file:
        text += f" of {files.get(file - 1, file - 1)}"
    if pgoff >= FRAME_OFFSET:
        return f"{text}, offset of {name(pgoff - FRAME_OFFSET)}"
    return f"{text}, offset {pgoff}" if file else text


def asked(found: Iterable[tuple[int, ...]]) -> str:
    """What a disk was asked."""
    return ", ".join(asked_text(Record(*one)) for one in found) or "nothing"
