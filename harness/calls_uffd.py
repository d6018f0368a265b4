"""Calls of a userfaultfd, as the ABI's operations.

The rest of ``calls``: one function a call, in the same way.
"""

from __future__ import annotations

from . import abi
from .binding import Arguments
from .scope import Scope


def _register(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    addr, size = c.span(a)
    mode = a.symbols("mode") if "mode" in a.values else int(abi.Uffd.MISSING)
    return abi.Op(code, c.process, addr=addr, n=size, flags=mode, line=line)


def _one_page(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    copies = code is abi.Code.UFFD_COPY
    data = a.data("data") if copies else b""
    mode = a.symbols("mode") if copies else 0
    addr = c.address(a, "place", abi.PAGE_SIZE)
    c.touch(addr)
    return abi.Op(code, c.process, addr=addr, slot=c.target(a), flags=mode, data=data, line=line)


def _writeprotect(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    addr, size = c.span(a)
    mode = a.symbols("mode")
    return abi.Op(code, c.process, addr=addr, n=size, slot=c.target(a), flags=mode, line=line)


COMPILE = {
    abi.Code.UFFD_REGISTER: _register,
    abi.Code.UFFD_COPY: _one_page,
    abi.Code.UFFD_ZEROPAGE: _one_page,
    abi.Code.UFFD_CONTINUE: _one_page,
    abi.Code.UFFD_WRITEPROTECT: _writeprotect,
}
