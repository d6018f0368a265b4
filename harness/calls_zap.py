"""Calls that take pages out of page tables, and the image away, as the ABI's operations.

The rest of ``calls``: one function a call, in the same way.
"""

from __future__ import annotations

from . import abi
from .binding import Arguments
from .language import Mistake
from .scope import Scope

_OFF_MIN, _OFF_MAX = -(1 << 63), (1 << 63) - 1  # loff_t
_ADDRESS_MASK = (1 << 64) - 1


def _zap(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    if "size" in a.values:
        size = c.size(a)
        addr = c.address(a, "place", size)
    else:
        addr, size = c.span(a)
    vma = c.address(a, "vma", 0) if "vma" in a.values else addr
    return abi.Op(code, c.process, addr=addr, n=size, aux=vma, line=line)


def _unmap(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    begin = a.number("holebegin", _OFF_MIN, _OFF_MAX) & _ADDRESS_MASK
    length = a.number("holelen", _OFF_MIN, _OFF_MAX)
    cows = int(abi.Unmap.EVEN_COWS) if a.number("even_cows", 0, 1) else 0
    slot = c.file(a)
    return abi.Op(code, c.process, aux=begin, n=length, index=slot, flags=cows, line=line)


def _execve(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    if c.waits:
        raise Mistake("function", "no execve in a program with wait_pid", "execve")
    c.replaced.add(c.process)
    return abi.Op(code, c.process, line=line)


COMPILE = {
    abi.Code.EXECVE: _execve,
    abi.Code.ZAP_PAGE_RANGE: _zap,
    abi.Code.ZAP_PAGE_RANGE_SINGLE: _zap,
    abi.Code.UNMAP_MAPPING_RANGE: _unmap,
}
