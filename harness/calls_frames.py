"""Calls that map memory by frame number, as the ABI's operations.

The rest of ``calls``: one function a call, in the same way.
"""

from __future__ import annotations

from . import abi
from .abi import Code
from .binding import Arguments
from .program import Ref
from .scope import Scope
from .signatures import BAR, Kind

_BAR_MAX = 1 << 16  # pages; more than the device has, for what is beyond it
_FRAME_MAX = (1 << 32) - 1


def _frame(c: Scope, a: Arguments, offset: bool = False) -> tuple[int, int, int]:
    """Slot and index of the first frame, and the bytes from its begin where those may be."""
    value = a.values["frame"]
    if isinstance(value, int):
        return abi.SLOT_PHYSICAL, a.number("frame", 0, _FRAME_MAX), 0
    assert isinstance(value, Ref)
    if not 0 <= value.offset < (abi.PAGE_SIZE if offset else 1):
        a.fail("frame", f"{'an offset inside the' if offset else 'a whole'} page")
    index = value.index or 0
    if value.name == BAR:
        if not 0 <= index < _BAR_MAX:
            a.fail("frame", f"a page of the device memory from 0 to {_BAR_MAX - 1}")
        return abi.SLOT_BAR, index, value.offset
    slot = c.look_up(a, "frame", c.held, Kind.FRAME.value)
    return slot, c.held_index(a, "frame", index), value.offset


def _places(c: Scope, a: Arguments) -> tuple[int, int]:
    """Where to, and an address in the VMA that is passed."""
    addr = c.address(a, "place", 1)
    return addr, c.address(a, "vma", 1) if "vma" in a.values else addr


def _remap(c: Scope, a: Arguments, code: Code, line: int) -> abi.Op:
    slot, index, _ = _frame(c, a)
    flags, size = a.symbols("type"), c.size(a)
    if code is Code.ON_MMAP_REMAP_PFN_RANGE:
        at = a.number("at", 0, abi.ARENA_PAGES_MAX, 0) * abi.PAGE_SIZE
        return abi.Op(
            code,
            c.process,
            file=c.file(a),
            n=size,
            slot=slot,
            index=index,
            aux=at,
            flags=flags,
            line=line,
        )
    addr, vma = _places(c, a)
    return abi.Op(
        code,
        c.process,
        addr=addr,
        n=size,
        slot=slot,
        index=index,
        aux=vma,
        flags=flags,
        line=line,
    )


def _iomap(c: Scope, a: Arguments, code: Code, line: int) -> abi.Op:
    slot, index, offset = _frame(c, a, offset=True)
    # of a negative one, which is as long as all memory, it does not matter where the frame lies
    length = a.number("len", -abi.BAR_PAGES * abi.PAGE_SIZE, 1 << 62)
    within = code is Code.ON_MMAP_VM_IOMAP_MEMORY
    return abi.Op(
        code,
        c.process,
        file=c.file(a) if within else -1,
        addr=offset,
        n=length,
        slot=slot,
        index=index,
        aux=0 if within else c.address(a, "place", 1),
        flags=a.symbols("type"),
        line=line,
    )


def _insert(c: Scope, a: Arguments, code: Code, line: int) -> abi.Op:
    slot, index, _ = _frame(c, a)
    addr, vma = _places(c, a)
    flags = a.symbols("type") if code is Code.VMF_INSERT_PFN_PROT else 0
    return abi.Op(
        code, c.process, addr=addr, slot=slot, index=index, aux=vma, flags=flags, line=line
    )


def _on_fault_insert(c: Scope, a: Arguments, code: Code, line: int) -> abi.Op:
    slot, index, _ = _frame(c, a)
    call, flags = a.symbols("call"), a.symbols("type")
    if flags and call != Code.VMF_INSERT_PFN_PROT:
        a.fail("type", "type= only of vmf_insert_pfn_prot")
    return abi.Op(
        code,
        c.process,
        file=c.file(a),
        slot=slot,
        index=index,
        aux=call,
        flags=flags,
        line=line,
    )


def _follow(c: Scope, a: Arguments, code: Code, line: int) -> abi.Op:
    addr, vma = _places(c, a)
    return abi.Op(code, c.process, addr=addr, aux=vma, slot=0, line=line)


def _zap(c: Scope, a: Arguments, code: Code, line: int) -> abi.Op:
    size = c.size(a)
    addr, vma = _places(c, a)
    return abi.Op(code, c.process, addr=addr, n=size, aux=vma, slot=0, line=line)


COMPILE = {
    Code.REMAP_PFN_RANGE: _remap,
    Code.ON_MMAP_REMAP_PFN_RANGE: _remap,
    Code.VM_IOMAP_MEMORY: _iomap,
    Code.ON_MMAP_VM_IOMAP_MEMORY: _iomap,
    Code.VMF_INSERT_PFN: _insert,
    Code.VMF_INSERT_PFN_PROT: _insert,
    Code.VMF_INSERT_MIXED: _insert,
    Code.ON_FAULT_INSERT: _on_fault_insert,
    Code.FOLLOW_PFN: _follow,
    Code.ZAP_VMA_PTES: _zap,
}
