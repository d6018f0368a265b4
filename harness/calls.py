"""Each call of a program as the ABI's operation: what its arguments have to be.

One function a call; each fills the fields that struct pl_operation
(kmod/pagelab_uapi.h) names for it, and raises Mistake for arguments that do
not make sense together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from . import (
    abi,
    calls_access,
    calls_driver,
    calls_frames,
    calls_memory,
    calls_mpage,
    calls_uffd,
    calls_zap,
)
from .binding import Arguments
from .program import ARENA_START
from .scope import FILE_PAGES_MAX, Scope
from .signatures import PRIVATE, Kind, Result

_ADDRESS_MASK = (1 << 64) - 1


def wants_alignment(a: Arguments) -> bool:
    """Does an mmap ask to begin where a page table begins? Huge pages have to.

    Raises:
        Mistake: flags that are none.
    """
    return bool(a.symbols("flags") & abi.Map.HUGETLB) or a.values.get("align") == abi.HUGE_PAGES


def _mmap(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    pages = a.number("pages", 1, abi.ARENA_PAGES_MAX)
    prot = a.symbols("prot")
    flags = a.symbols("flags")
    if bool(flags & PRIVATE) == bool(flags & abi.Map.SHARED):
        a.fail("flags", "either private or shared among flags")
    if bool(flags & abi.Map.ANON) == ("file" in a.values):
        a.fail("flags", "either anon among flags or file=")
    file = c.file(a) if "file" in a.values else -1
    offset = a.number("offset", 0, FILE_PAGES_MAX, 0)
    if "offset" in a.values and file < 0:
        a.fail("offset", "offset= only with file=")
    start = _start(c, a, pages)
    if a.number("align", 1, abi.HUGE_PAGES, 1) not in (1, abi.HUGE_PAGES):
        a.fail("align", f"align={abi.HUGE_PAGES} or none")
    if flags & abi.Map.HUGETLB:
        _check_huge(a, flags, pages)
    if wants_alignment(a) and start % abi.HUGE_PAGES:
        where = "at" if "at" in a.values else "adjacent_to"
        a.fail(where, f"a place that begins at a multiple of {abi.HUGE_PAGES} pages")
    if start + pages >= abi.ARENA_PAGES_MAX:
        expected = f"an arena of at most {abi.ARENA_PAGES_MAX} pages, guard pages included"
        a.fail("pages", expected, f"{start + pages + 1}")
    return abi.Op(
        code,
        c.process,
        addr=ARENA_START + start * abi.PAGE_SIZE,
        n=pages * abi.PAGE_SIZE,
        prot=prot,
        flags=flags & ~PRIVATE | (abi.Map.FIXED if "at" in a.values else 0),
        aux=offset * abi.PAGE_SIZE,
        file=file,
        line=line,
    )


def _start(c: Scope, a: Arguments, pages: int) -> int:
    """The page of the arena where a mapping begins: its own, or the place that is told."""
    if "at" in a.values:
        for other in ("adjacent_to", "align"):
            if other in a.values:
                a.fail(other, f"no {other}= beside at=")
        start = c.address(a, "at", pages * abi.PAGE_SIZE) - ARENA_START
        if start % abi.PAGE_SIZE:
            a.fail("at", "a place where a page begins")
        return start // abi.PAGE_SIZE
    if "adjacent_to" in a.values:
        c.look_up(a, "adjacent_to", c.mappings, Kind.MAPPING.value)
        if a.reference("adjacent_to").index is not None:
            a.fail("adjacent_to", Kind.MAPPING.value)
        if c.position not in c.starts:
            a.fail("adjacent_to", "a mapping that no other lies behind")
    return c.starts[c.position]


def _check_huge(a: Arguments, flags: int, pages: int) -> None:
    """Huge pages are anonymous and private, and whole."""
    if flags & abi.Map.SHARED or not flags & abi.Map.ANON:
        a.fail("flags", "private|anon beside HUGETLB")
    if pages % abi.HUGE_PAGES:
        a.fail("pages", f"a multiple of {abi.HUGE_PAGES} pages")


def _span(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    addr, size = c.span(a)
    return abi.Op(code, c.process, addr=addr, n=size, line=line)


def _mprotect(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    addr, size = c.span(a)
    return abi.Op(code, c.process, addr=addr, n=size, prot=a.symbols("prot"), line=line)


def _madvise(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    addr, size = c.span(a)
    return abi.Op(code, c.process, addr=addr, n=size, flags=a.symbols("advice"), line=line)


def _load(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    size = a.number("n", 1, abi.DATA_MAX, 1)
    addr = c.address(a, "place", size)
    c.touch(addr)
    return abi.Op(code, c.process, addr=addr, n=size, line=line)


def _store(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    data = a.data("data")
    addr = c.address(a, "place", len(data))
    c.touch(addr)
    return abi.Op(code, c.process, addr=addr, data=data, line=line)


def _fork(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    c.visible.append(set(c.visible[c.process]))
    return abi.Op(code, c.process, slot=c.slot(Result.PROCESS), line=line)


def _exit(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    return abi.Op(code, c.process, line=line)


def _memfd(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    size = c.size(a)
    slot = c.slot(Result.FILE)
    c.visible[c.process].add(slot)
    return abi.Op(code, c.process, n=size, slot=slot, line=line)


def _ftruncate(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    file = c.file(a)
    return abi.Op(code, c.process, n=c.size(a), file=file, line=line)


def _open(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    return replace(_memfd(c, a, code, line), flags=a.symbols("flags"))


def _fsync(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    return abi.Op(code, c.process, file=c.file(a), line=line)


def _drop_caches(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    return abi.Op(code, c.process, line=line)


# The calls whose nr_pages is an int; of the others it is an unsigned long.
_FAST = (
    abi.Code.GET_USER_PAGES_FAST,
    abi.Code.GET_USER_PAGES_FAST_ONLY,
    abi.Code.PIN_USER_PAGES_FAST,
)


def _gup(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    bits = 31 if code in _FAST else 63
    nr = a.number("nr", -(1 << bits), (1 << bits) - 1)
    start = a.values["addr"]
    addr = start & _ADDRESS_MASK if isinstance(start, int) else c.address(a, "addr", 1)
    flags = a.symbols("gup_flags")
    mode = a.symbols("pending")
    given = int(a.symbols("pages"))
    if "vmas" in a.values and a.number("vmas", 0, 1):
        given |= abi.Get.VMAS
    if "locked" in a.values and a.number("locked", 1, 1):
        given |= abi.Get.LOCKED
    slot = c.slot(Result.HELD)
    target = c.target(a) if "process" in a.values else abi.WHOLE
    return abi.Op(
        code,
        c.process,
        addr=addr,
        n=nr,
        flags=flags,
        aux=int(given),
        slot=slot,
        index=target,
        mode=mode,
        line=line,
    )


def _put(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    slot = c.look_up(a, "held", c.held, "a held set's name")
    ref = a.reference("held")
    if ref.offset:
        a.fail("held", Kind.HELD.value)
    index = abi.WHOLE if ref.index is None else c.held_index(a, "held", ref.index)
    return abi.Op(code, c.process, slot=slot, index=index, line=line)


def _peek(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    size = a.number("n", 1, abi.DATA_MAX, 1)
    slot, index, offset = c.held_page(a, size)
    return abi.Op(code, c.process, n=size, aux=offset, slot=slot, index=index, line=line)


def _poke(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    data = a.data("data")
    slot, index, offset = c.held_page(a, len(data))
    return abi.Op(code, c.process, aux=offset, slot=slot, index=index, data=data, line=line)


COMPILE: dict[abi.Code, Callable[[Scope, Arguments, abi.Code, int], abi.Op]] = {
    abi.Code.MMAP: _mmap,
    abi.Code.MUNMAP: _span,
    abi.Code.MLOCK: _span,
    abi.Code.MUNLOCK: _span,
    abi.Code.MPROTECT: _mprotect,
    abi.Code.MADVISE: _madvise,
    abi.Code.LOAD: _load,
    abi.Code.STORE: _store,
    abi.Code.FORK: _fork,
    abi.Code.EXIT: _exit,
    abi.Code.STATM: _exit,
    abi.Code.MEMFD: _memfd,
    abi.Code.FTRUNCATE: _ftruncate,
    abi.Code.SECRETMEM: _memfd,
    abi.Code.OPEN: _open,
    abi.Code.FSYNC: _fsync,
    abi.Code.DROP_CACHES: _drop_caches,
    abi.Code.GET_USER_PAGES: _gup,
    abi.Code.GET_USER_PAGES_FAST: _gup,
    abi.Code.PUT_PAGE: _put,
    abi.Code.SET_PAGE_DIRTY_LOCK: _put,
    abi.Code.PEEK: _peek,
    abi.Code.POKE: _poke,
    abi.Code.GET_USER_PAGES_REMOTE: _gup,
    abi.Code.GET_USER_PAGES_UNLOCKED: _gup,
    abi.Code.GET_USER_PAGES_FAST_ONLY: _gup,
    abi.Code.PIN_USER_PAGES: _gup,
    abi.Code.PIN_USER_PAGES_FAST: _gup,
    abi.Code.UNPIN_USER_PAGE: _put,
    abi.Code.SET_PAGE_DIRTY: _put,
    **calls_memory.COMPILE,
    **calls_zap.COMPILE,
    **calls_uffd.COMPILE,
    **calls_driver.COMPILE,
    **calls_access.COMPILE,
    **calls_mpage.COMPILE,
    **calls_frames.COMPILE,
}
