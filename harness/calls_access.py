"""Calls on another process's memory, as the ABI's operations.

The rest of ``calls``: one function a call, in the same way.
"""

from __future__ import annotations

from . import abi
from .binding import Arguments
from .program import ARENA_START
from .scope import Scope

_ADDRESS_MASK = (1 << 64) - 1
# A stack of the arena's may grow into addresses that far below it, which no snapshot shows.
_STACK_REACH = 1 << 28
_WORD = 8
_INT_MAX = (1 << 31) - 1


def _place(c: Scope, a: Arguments, size: int) -> int:
    """A place, or an absolute address; size bytes are accessed, at least one is meant."""
    start = a.values["addr"]
    if not isinstance(start, int):
        addr = c.address(a, "addr", max(size, 1))
        c.touch(addr)
        return addr
    if ARENA_START - _STACK_REACH <= start < ARENA_START:
        a.fail("addr", "an absolute address that is not just below the arena")
    return start & _ADDRESS_MASK


def _mem_read(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    size = a.number("n", 0, abi.DATA_MAX, 1)
    addr = _place(c, a, size)
    return abi.Op(code, c.process, addr=addr, n=size, slot=c.target(a), line=line)


def _mem_write(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    data = a.data("data")
    addr = _place(c, a, len(data))
    return abi.Op(code, c.process, addr=addr, data=data, slot=c.target(a), line=line)


def _peekdata(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    addr = _place(c, a, _WORD)
    return abi.Op(code, c.process, addr=addr, index=c.target(a), line=line)


def _pokedata(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    data = a.data("data")
    if len(data) != _WORD:
        a.fail("data", f"a string of {_WORD} bytes", f"{len(data)} bytes")
    addr = _place(c, a, _WORD)
    return abi.Op(code, c.process, addr=addr, data=data, index=c.target(a), line=line)


def _vm_read(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    size = a.number("n", 0, abi.ACCESS_MAX, 1)
    addr = _place(c, a, size)
    return abi.Op(code, c.process, addr=addr, n=size, index=c.target(a), line=line)


def _vm_write(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    data = a.data("data")
    size = a.number("n", 0, abi.ACCESS_MAX, len(data))
    addr = _place(c, a, size)
    return abi.Op(code, c.process, addr=addr, n=size, data=data, index=c.target(a), line=line)


def _access(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    flags = a.symbols("gup_flags")
    if bool(flags & abi.Foll.WRITE) != ("data" in a.values):
        a.fail("data", "data= together with WRITE among gup_flags")
    data = a.data("data") if "data" in a.values else b""
    size = a.number("n", ~_INT_MAX, _INT_MAX, len(data) or 1)
    addr = _place(c, a, size if size <= abi.ACCESS_MAX else 1)
    return abi.Op(
        code,
        c.process,
        addr=addr,
        n=size,
        flags=flags,
        index=c.target(a),
        mode=a.symbols("pending"),
        data=data,
        line=line,
    )


COMPILE = {
    abi.Code.MEM_READ: _mem_read,
    abi.Code.MEM_WRITE: _mem_write,
    abi.Code.PEEKDATA: _peekdata,
    abi.Code.POKEDATA: _pokedata,
    abi.Code.VM_READ: _vm_read,
    abi.Code.VM_WRITE: _vm_write,
    abi.Code.ACCESS_PROCESS_VM: _access,
}
