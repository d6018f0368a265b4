"""Calls of a driver's pages and its file, as the ABI's operations.

The rest of ``calls``: one function a call, in the same way.
"""

from __future__ import annotations

from . import abi
from .abi import Alloc, Answer, Fault
from .binding import Arguments
from .scope import Scope
from .signatures import Kind, Result

_KMALLOC_MIN = 4  # pages; a smaller object is one of a slab
_AROUND_MAX = 1 << 24  # bytes
_PAGE_MAX = 1 << 20  # of a VMA, for a call that is to be outside it


def _alloc_pages(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    kind = Alloc(a.symbols("kind"))
    if kind is Alloc.SLAB:
        low = high = abi.SLAB_PAGES
    elif kind >= Alloc.TABLE:
        low = high = 1
    else:
        low, high = _KMALLOC_MIN if kind is Alloc.KMALLOC else 1, abi.ALLOC_MAX
    pages = a.number("nr", low, high)
    if kind is not Alloc.SINGLE and pages & (pages - 1):
        a.fail("nr", "a power of two")
    return abi.Op(code, c.process, n=pages, flags=kind, slot=c.slot(Result.HELD), line=line)


def _device(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    slot = c.slot(Result.FILE)
    c.visible[c.process].add(slot)
    return abi.Op(code, c.process, slot=slot, line=line)


def _on_mmap(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    return abi.Op(code, c.process, file=c.file(a), flags=a.symbols("vm_flags"), line=line)


def _one(c: Scope, a: Arguments, name: str) -> tuple[int, int]:
    """Slot and index of one held page."""
    slot = c.look_up(a, name, c.held, Kind.HELD.value)
    ref = a.reference(name)
    if ref.offset:
        a.fail(name, "a held page such as h[0]")
    return slot, c.held_index(a, name, ref.index or 0)


def _set(c: Scope, a: Arguments, name: str) -> int:
    """Slot of a whole held set; WHOLE where none is given."""
    if name not in a.values:
        return abi.WHOLE
    slot = c.look_up(a, name, c.held, "a held set's name")
    if a.reference(name).index is not None:
        a.fail(name, "a whole held set")
    return slot


def _on_mmap_insert_page(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    slot, index = _one(c, a, "page")
    at = a.number("at", -_PAGE_MAX, _PAGE_MAX, 0)
    return abi.Op(code, c.process, file=c.file(a), slot=slot, index=index, n=at, line=line)


def _on_fault(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    gives = a.symbols("gives") if "gives" in a.values else int(Fault.PAGE)
    held, meanwhile = _set(c, a, "pages"), _set(c, a, "meanwhile")
    if ("pages" in a.values) == ("gives" in a.values):
        a.fail("gives", "either pages= or gives=")
    if "meanwhile" in a.values and gives != Fault.PAGE:
        a.fail("meanwhile", "meanwhile= only with pages=")
    slot = 0 if held == abi.WHOLE else held
    return abi.Op(
        code, c.process, file=c.file(a), slot=slot, index=meanwhile, flags=gives, line=line
    )


def _on_access(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    gives = a.symbols("gives") if "gives" in a.values else int(Answer.PAGES)
    if ("pages" in a.values) == ("gives" in a.values):
        a.fail("gives", "either pages= or gives=")
    slot = _set(c, a, "pages") if "pages" in a.values else 0
    return abi.Op(code, c.process, file=c.file(a), slot=slot, flags=gives, line=line)


def _vm_insert_page(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    slot, index = _one(c, a, "page")
    vma = c.address(a, "place", 1)
    at = c.address(a, "at", 1) if "at" in a.values else vma
    return abi.Op(code, c.process, addr=at, aux=vma, slot=slot, index=index, line=line)


def _fault_around(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    size = a.number("n", 0, _AROUND_MAX)
    return abi.Op(code, c.process, n=size, line=line)


COMPILE = {
    abi.Code.ALLOC_PAGES: _alloc_pages,
    abi.Code.DEVICE: _device,
    abi.Code.ON_MMAP: _on_mmap,
    abi.Code.ON_MMAP_INSERT_PAGE: _on_mmap_insert_page,
    abi.Code.ON_FAULT: _on_fault,
    abi.Code.FAULT_AROUND: _fault_around,
    abi.Code.ON_ACCESS: _on_access,
    abi.Code.VM_INSERT_PAGE: _vm_insert_page,
}
