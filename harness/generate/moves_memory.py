"""Moves on mappings and what they hold, by the process itself."""

from __future__ import annotations

from ..abi import HUGE_PAGES
from ..model.registry import V_LOCKED
from ..program import Ref, Symbols, Value
from ..signatures import ADVICE, MS, PROT
from .hand import Hand, symbols
from .moves import move

_PROTS = ("rw", "rw", "rw", "rw", "rw", "rw", "r", "r", "none", "w", "x", "rx", "rwx", "wx")
_ADVICE = tuple(ADVICE)


def _prot(g: Hand) -> Value:
    return Symbols((g.draw.pick(_PROTS),))


def _pages(g: Hand) -> int:
    """Of a new mapping: few; a snapshot shows every one."""
    how = g.draw.below(20)
    if how < 15:
        return g.draw.between(1, 4)
    return g.draw.between(1, 16) if how < 19 else g.draw.between(1, g.most_pages)


def _sharing(g: Hand) -> str:
    return "shared" if g.draw.chance(35) else "private"


def _extra(g: Hand) -> tuple[str, ...]:
    """POPULATE now and then, GROWSDOWN where the program is about stacks."""
    extra = ("POPULATE",) if g.draw.chance(8) else ()
    if ("stack" in g.themes and g.draw.chance(60)) or g.draw.chance(g.wrong // 6):
        extra = ("GROWSDOWN", *extra)
    return extra


def _beside(g: Hand) -> Ref | None:
    """What a mapping is to lie behind; None: nothing."""
    last = g.builder.neighbour
    return Ref(last) if last and g.draw.chance(20) else None


@move("mmap", weight=60)
def anonymous(g: Hand) -> bool:
    process = g.actor()
    if process is None or g.builder.pages > 8 * g.most_pages:
        return False
    flags = symbols(_sharing(g), "anon", *_extra(g))
    return g.builder.add(
        "mmap", _pages(g), process=process, prot=_prot(g), flags=flags, adjacent_to=_beside(g)
    )


@move("mmap", theme="file", weight=50)
@move("mmap", theme="around", weight=50)
@move("mmap", theme="disk", weight=50)
@move("mmap", theme="secret", weight=50)
@move("mmap", theme="driver", weight=40)
@move("mmap", theme="mpage", weight=20)
def of_file(g: Hand) -> bool:
    process = g.actor()
    file = g.file(process) if process is not None else None
    if process is None or file is None or g.builder.pages > 8 * g.most_pages:
        return False
    kind = g.builder.made[file.name]
    sharing = "shared" if kind == "memfd_secret" and not g.amiss() else _sharing(g)
    flags = symbols(sharing, *_extra(g))
    offset = g.draw.pick((None, None, None, 0, 1, 1, 2, 5))
    return g.builder.add(
        "mmap",
        _pages(g),
        process=process,
        prot=_prot(g),
        flags=flags,
        file=file,
        offset=offset,
        adjacent_to=_beside(g),
    )


@move("mmap", weight=6)
def over(g: Hand) -> bool:
    """MAP_FIXED, over whatever is there."""
    process = g.actor()
    at = g.index(process) if process is not None else None
    if process is None or at is None:
        return False
    file = g.file(process) if g.draw.chance(30) else None
    flags = symbols(_sharing(g), *(() if file else ("anon",)), *_extra(g))
    pages = min(g.draw.between(1, 4), g.builder.pages - at)
    place = g.builder.place(at)
    return g.builder.add(
        "mmap", pages, process=process, prot=_prot(g), flags=flags, file=file, at=place
    )


@move("mmap", theme="thp", weight=120)
def large(g: Hand) -> bool:
    """Memory that huge pages fit in, which are then asked for."""
    process = g.actor()
    if process is None or g.builder.pages > 5 * HUGE_PAGES:
        return False
    pages = g.draw.pick((HUGE_PAGES, HUGE_PAGES, HUGE_PAGES, HUGE_PAGES + 3, 2 * HUGE_PAGES))
    flags = symbols("private", "anon")
    made = g.builder.add(
        "mmap", pages, process=process, prot=Symbols(("rw",)), flags=flags, align=HUGE_PAGES
    )
    if not made:
        return False
    whole = Ref(g.builder.neighbour)
    if g.draw.chance(90):
        g.call("madvise", whole, Symbols(("HUGEPAGE",)), process=process)
    if g.draw.chance(60):
        return g.call("store", g.builder.place(g.slot_first(whole.name)), g.data(), process=process)
    return True


@move("mmap", theme="hugetlb", weight=120)
def huge(g: Hand) -> bool:
    """Huge pages out of hugetlb's pool."""
    process = g.actor()
    if process is None or g.builder.pages > 5 * HUGE_PAGES:
        return False
    pages = HUGE_PAGES * g.draw.pick((1, 1, 1, 1, 2, 2, 5))
    flags = symbols("private", "anon", "HUGETLB", *(("POPULATE",) if g.draw.chance(10) else ()))
    return g.builder.add("mmap", pages, process=process, prot=_prot(g), flags=flags)


@move("munmap", weight=12)
def unmap(g: Hand) -> bool:
    process = g.actor()
    span = g.span(process) if process is not None else None
    if process is None or span is None:
        return False
    return g.builder.add("munmap", span[0], process=process, pages=span[1])


@move("mprotect", weight=28)
def protect(g: Hand) -> bool:
    process = g.actor()
    span = g.span(process) if process is not None else None
    if process is None or span is None:
        return False
    return g.builder.add("mprotect", span[0], process=process, prot=_prot(g), pages=span[1])


_BY_THEME = {
    "thp": ("HUGEPAGE", "HUGEPAGE", "NOHUGEPAGE", "COLD", "FREE", "DONTNEED"),
    "hugetlb": ("DONTNEED", "POPULATE_WRITE", "POPULATE_READ"),
    "swap": ("PAGEOUT",) * 8 + ("COLD", "FREE"),
    "lock": ("DONTNEED_LOCKED", "DONTNEED", "POPULATE_WRITE"),
}


@move("madvise", weight=40)
def advise(g: Hand) -> bool:
    process = g.actor()
    span = g.span(process) if process is not None else None
    if process is None or span is None:
        return False
    special = [advice for theme in sorted(g.themes) for advice in _BY_THEME.get(theme, ())]
    among = special if special and g.draw.chance(60) else _ADVICE
    advice = Symbols((g.draw.pick(among),))
    return g.call("madvise", span[0], process=process, advice=advice, pages=span[1])


@move("load", weight=70)
def load(g: Hand) -> bool:
    process = g.actor()
    place = g.byte(process) if process is not None else None
    if process is None or place is None:
        return False
    return g.call("load", place, process=process, n=g.length())


@move("store", weight=90)
def store(g: Hand) -> bool:
    process = g.actor()
    place = g.byte(process) if process is not None else None
    if process is None or place is None:
        return False
    return g.call("store", place, g.data(), process=process)


@move("mremap", weight=14)
def remap(g: Hand) -> bool:
    process = g.actor()
    span = g.span(process) if process is not None else None
    if process is None or span is None:
        return False
    there = g.page(process) if g.draw.chance(45) else None
    old = span[1] if span[1] is not None else g.builder.scope.mappings[span[0].name][1]
    change = g.draw.pick((-2, -1, 0, 0, 1, 2, 3))
    new = g.draw.below(8) if g.amiss() else max(1, old + change)
    return g.builder.add("mremap", span[0], new, process=process, pages=span[1], to=there)


@move("mlock", "munlock", theme="lock", weight=40)
def lock(g: Hand) -> bool:
    process = g.actor()
    span = g.span(process) if process is not None else None
    if process is None or span is None:
        return False
    locked = bool(g.vmas(process, lambda vma: bool(vma.flags & V_LOCKED)))
    call = "munlock" if locked and g.draw.chance(40) else "mlock"
    return g.call(call, span[0], process=process, pages=span[1])


@move("msync", weight=6)
def sync(g: Hand) -> bool:
    process = g.actor()
    span = g.span(process) if process is not None else None
    if process is None or span is None:
        return False
    flags = g.flags(tuple(MS), most=2, none=10)
    return g.builder.add("msync", span[0], process=process, flags=flags, pages=span[1])


@move("statm", weight=5)
def statm(g: Hand) -> bool:
    process = g.actor()
    return process is not None and g.builder.add("statm", process=process)


@move("mmap", "munmap", theme="stack", weight=40)
def stack(g: Hand) -> bool:
    """Room below a mapping that grows down: its lower part is unmapped."""
    process = g.actor()
    if process is None or g.builder.pages > 3 * HUGE_PAGES:
        return False
    pages = g.draw.pick((4, 8, 280, 300))
    prot = Symbols((g.draw.pick(("rw", "rw", "rw", "r")),))
    flags = symbols("private", "anon", "GROWSDOWN")
    if not g.builder.add("mmap", pages, process=process, prot=prot, flags=flags):
        return False
    low = Ref(g.builder.neighbour, 0)
    return g.builder.add("munmap", low, process=process, pages=pages - g.draw.between(1, 3))


assert set(_PROTS) == set(PROT)
