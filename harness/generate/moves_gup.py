"""Moves that get pages, and what is done with pages that are held."""

from __future__ import annotations

from ..program import INITIAL, Ref, Symbols, Value
from ..signatures import CALLS, FOLL, NUMBERS
from .hand import Hand
from .moves import move
from .moves_process import address

_SLOW = ("get_user_pages", "get_user_pages_remote", "get_user_pages_unlocked", "pin_user_pages")
_FAST = ("get_user_pages_fast", "get_user_pages_fast_only", "pin_user_pages_fast")
_ALL = (*_SLOW, *_SLOW, *_FAST, *_FAST)
_PLAIN = ("WRITE", "WRITE", "WRITE", "FORCE")
_ODD = tuple(name for name in FOLL if name not in ("WRITE", "FORCE"))


def _flags(g: Hand, call: str) -> Value | None:
    """Mostly such flags as the call may have."""
    names: set[str] = set()
    if g.draw.chance(55):
        names.add("WRITE")
    if g.draw.chance(20):
        names.add("FORCE")
    if call.startswith("pin") and g.draw.chance(30):
        names.add("LONGTERM")
    if g.draw.chance(10):
        names.add(g.draw.pick(("NOWAIT", "ANON", "HWPOISON", "SPLIT_PMD", "PCI_P2PDMA")))
    if call == "get_user_pages_unlocked" and g.draw.chance(15):
        names.add("PIN")
    if g.draw.chance(g.wrong * 2 // 3):
        names.add(g.draw.pick(_ODD))
    if not names:
        return 0 if g.draw.chance(10) else None
    return Symbols(tuple(name for name in FOLL if name in names))


def _number(g: Hand, call: str) -> int:
    if g.draw.chance(g.wrong // 3):
        wide = ("LONG_MIN", "LONG_MAX") if call not in _FAST else ()
        return g.draw.pick((0, 0, -1, 600, *(NUMBERS[n] for n in ("INT_MIN", "INT_MAX", *wide))))
    return g.draw.pick((1, 1, 1, 1, 2, 2, 2, 3, 4, 8))


@move(*_SLOW, *_FAST, theme="gup", weight=160)
@move(*_SLOW, *_FAST, weight=40)
def get(g: Hand) -> bool:
    process = g.actor()
    if process is None:
        return False
    call = g.draw.pick(_ALL)
    parameters = {one.name for one in CALLS[call].parameters}
    target: Value = g.target() if "process" in parameters else Ref(process)
    where = address(g, target)
    if where is None:
        return False
    named: dict[str, Value | None] = {"gup_flags": _flags(g, call)}
    if g.draw.chance(6):
        named["pages"] = Symbols(("NULL",))
    if "vmas" in parameters and g.draw.chance(8):
        named["vmas"] = g.draw.pick((0, 1, 1, 1, 1))
    if "locked" in parameters and g.draw.chance(25):
        named["locked"] = 1
    if g.draw.chance(5 if process != INITIAL else 0):
        named["pending"] = Symbols(("SIGKILL",))
    first = (target, where) if "process" in parameters else (where,)
    return g.call(call, *first, process=process, nr=_number(g, call), **named)


def _one(g: Hand, name: str, whole: int) -> Ref:
    """A whole held set, so many times of a hundred, or one page of it."""
    return Ref(name) if g.draw.chance(whole) else Ref(name, g.held_index(name))


@move("put_page", "unpin_user_page", theme="gup", weight=30)
@move("put_page", "unpin_user_page", weight=14)
def release(g: Hand) -> bool:
    process, name = g.actor(), g.held()
    if process is None or name is None:
        return False
    pinned = g.builder.scope.held[name] in g.builder.state.pins
    call = "unpin_user_page" if pinned != g.draw.chance(g.wrong // 2) else "put_page"
    return g.builder.add(call, _one(g, name, 60), process=process)


@move("set_page_dirty", "set_page_dirty_lock", weight=10)
def dirty(g: Hand) -> bool:
    process, name = g.actor(), g.held()
    if process is None or name is None:
        return False
    call = g.draw.pick(("set_page_dirty", "set_page_dirty_lock"))
    return g.builder.add(call, _one(g, name, 50), process=process)


@move("peek", weight=10)
def peek(g: Hand) -> bool:
    process, name = g.actor(), g.held()
    if process is None or name is None:
        return False
    where = Ref(name, g.held_index(name), g.offset() & ~15)
    return g.builder.add("peek", where, process=process, n=g.length())


@move("poke", weight=14)
def poke(g: Hand) -> bool:
    process, name = g.actor(), g.held()
    if process is None or name is None:
        return False
    where = Ref(name, g.held_index(name), g.offset() & ~63)
    return g.builder.add("poke", where, g.data(), process=process)
