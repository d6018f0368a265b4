"""Calls on mappings, files and other processes, as the ABI's operations.

The rest of ``calls``: one function a call, in the same way.
"""

from __future__ import annotations

from . import abi
from .binding import Arguments
from .program import ARENA_START
from .scope import FILE_PAGES_MAX, Scope

_ADDRESS_MASK = (1 << 64) - 1
_FILE_BYTES_MAX = FILE_PAGES_MAX * abi.PAGE_SIZE
# A stack of the arena's may grow into addresses that far below it, which no snapshot shows.
_STACK_REACH = 1 << 28


def _mremap(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    addr, size = c.span(a)
    if not size:
        a.fail("pages", "pages= from 1", "0")
    new = a.number("new_pages", 0, abi.ARENA_PAGES_MAX)
    c.inside(a, "place", new * abi.PAGE_SIZE)
    fixed = "to" in a.values
    to = c.address(a, "to", new * abi.PAGE_SIZE) if fixed else 0
    flags = int(abi.Mremap.FIXED) if fixed else 0
    return abi.Op(code, c.process, addr=addr, n=size, flags=flags, aux=to, index=new, line=line)


def _msync(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    addr, size = c.span(a)
    return abi.Op(code, c.process, addr=addr, n=size, flags=a.symbols("flags"), line=line)


def _kill(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    return abi.Op(code, c.process, slot=c.target(a), line=line)


def _fallocate(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    file = c.file(a)
    offset = a.number("offset", 0, _FILE_BYTES_MAX)
    size = a.number("n", 0, _FILE_BYTES_MAX - offset)
    mode = a.symbols("mode")
    return abi.Op(code, c.process, file=file, aux=offset, n=size, flags=mode, line=line)


def _pread(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    file = c.file(a)
    size = a.number("n", 1, abi.DATA_MAX, 1)
    offset = a.number("offset", 0, _FILE_BYTES_MAX - size)
    c.touch(offset)
    return abi.Op(code, c.process, file=file, aux=offset, n=size, line=line)


def _pwrite(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    file = c.file(a)
    data = a.data("data")
    offset = a.number("offset", 0, _FILE_BYTES_MAX - len(data))
    c.touch(offset)
    return abi.Op(code, c.process, file=file, aux=offset, data=data, line=line)


def _elsewhere(c: Scope, a: Arguments, size: int) -> int:
    """A place, or an absolute address."""
    start = a.values["addr"]
    if not isinstance(start, int):
        addr = c.address(a, "addr", size)
        c.touch(addr)
        return addr
    if ARENA_START - _STACK_REACH <= start < ARENA_START:
        a.fail("addr", "an absolute address that is not just below the arena")
    return start & _ADDRESS_MASK


def _mem_read(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    size = a.number("n", 1, abi.DATA_MAX, 1)
    addr = _elsewhere(c, a, size)
    return abi.Op(code, c.process, addr=addr, n=size, slot=c.target(a), line=line)


def _mem_write(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    data = a.data("data")
    addr = _elsewhere(c, a, len(data))
    return abi.Op(code, c.process, addr=addr, data=data, slot=c.target(a), line=line)


COMPILE = {
    abi.Code.MREMAP: _mremap,
    abi.Code.MSYNC: _msync,
    abi.Code.KILL: _kill,
    abi.Code.FALLOCATE: _fallocate,
    abi.Code.PREAD: _pread,
    abi.Code.PWRITE: _pwrite,
    abi.Code.MEM_READ: _mem_read,
    abi.Code.MEM_WRITE: _mem_write,
}
