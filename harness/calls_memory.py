"""Calls on mappings and files, and kill, as the ABI's operations.

The rest of ``calls``: one function a call, in the same way.
"""

from __future__ import annotations

from . import abi
from .binding import Arguments
from .language import Mistake
from .scope import FILE_PAGES_MAX, Scope

_FILE_BYTES_MAX = FILE_PAGES_MAX * abi.PAGE_SIZE


def _swap(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    return abi.Op(code, c.process, line=line)


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


def _wait_pid(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    if c.replaced:
        raise Mistake("function", "no wait_pid in a program with execve", "wait_pid")
    c.waits = True
    return abi.Op(code, c.process, index=c.target(a), line=line)


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


COMPILE = {
    abi.Code.MREMAP: _mremap,
    abi.Code.SWAPON: _swap,
    abi.Code.SWAPOFF: _swap,
    abi.Code.MSYNC: _msync,
    abi.Code.KILL: _kill,
    abi.Code.WAIT_PID: _wait_pid,
    abi.Code.FALLOCATE: _fallocate,
    abi.Code.PREAD: _pread,
    abi.Code.PWRITE: _pwrite,
}
