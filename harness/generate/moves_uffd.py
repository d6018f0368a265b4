"""Moves of userfaultfd, of calls that sleep, and of swap."""

from __future__ import annotations

from ..model.registry import V_UFFD
from ..model.state import Vma
from ..program import INITIAL, Ref
from ..signatures import UFFD
from .hand import Hand, symbols
from .moves import move


def _watched(vma: Vma) -> bool:
    return bool(vma.flags & V_UFFD)


@move("uffd_register", theme="uffd", weight=60)
def register(g: Hand) -> bool:
    """Of a child, mostly: main then fills pages in."""
    process = g.actor()
    children = [name for name in g.builder.able() if name != INITIAL]
    if children and g.draw.chance(70):
        process = g.draw.pick(children)
    span = g.span(process) if process is not None else None
    if process is None or span is None:
        return False
    mode = None if g.draw.chance(25) else g.flags(tuple(UFFD), most=2, none=4)
    return g.builder.add("uffd_register", span[0], process=process, pages=span[1], mode=mode)


def _owner(g: Hand) -> str | None:
    """A process that has registered something, most of the time."""
    alive = g.builder.alive()
    owners = [name for name in alive if g.vmas(name, _watched)]
    return g.draw.pick(owners or alive) if alive else None


@move("uffd_copy", "uffd_zeropage", "uffd_continue", theme="uffd", weight=120)
def fill(g: Hand) -> bool:
    process, owner = g.actor(), _owner(g)
    if process is None or owner is None:
        return False
    target = g.target() if g.draw.chance(5) else Ref(owner)
    place = _awaited(g) or g.page(owner, _watched)
    if place is None:
        return False
    call = g.draw.pick(("uffd_copy", "uffd_copy", "uffd_zeropage", "uffd_continue"))
    if call != "uffd_copy":
        return g.builder.add(call, target, place, process=process)
    mode = symbols("WP") if g.draw.chance(20) else None
    return g.builder.add(call, target, place, g.data(), process=process, mode=mode)


def _awaited(g: Hand) -> Ref | None:
    """The page that somebody waits for, most of the time."""
    places = [call.page for call in g.builder.state.calls.values() if call.page is not None]
    pages = [index for process, index in places if process >= 0]
    return g.builder.place(g.draw.pick(pages)) if pages and g.draw.chance(80) else None


@move("uffd_writeprotect", theme="uffd", weight=60)
def protect(g: Hand) -> bool:
    process, owner = g.actor(), _owner(g)
    span = g.span(owner) if owner is not None else None
    if process is None or owner is None or span is None:
        return False
    target = g.target() if g.draw.chance(5) else Ref(owner)
    mode = symbols("WP") if g.draw.chance(60) else None
    return g.builder.add(
        "uffd_writeprotect", target, span[0], process=process, pages=span[1], mode=mode
    )


@move("wait", theme="uffd", weight=60)
@move("wait", weight=40)
def wait(g: Hand) -> bool:
    """Ask what became of a call that was begun."""
    latest = list(g.builder.scope.latest.values())
    return bool(latest) and g.builder.wait(g.draw.pick(latest)) is not None


@move("swapon", "swapoff", theme="swap", weight=25)
def swap(g: Hand) -> bool:
    process = g.actor()
    call = "swapoff" if g.draw.chance(25) else "swapon"
    return process is not None and g.builder.add(call, process=process)
