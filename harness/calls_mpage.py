"""Calls about reading ahead, as the ABI's operations; the rest of ``calls``, in the same way."""

from __future__ import annotations

from . import abi
from .binding import Arguments
from .scope import FILE_PAGES_MAX, Scope
from .signatures import Result

_SECTOR = 512
_DISK_BLOCKS = abi.DISK_SECTORS * _SECTOR // abi.PAGE_SIZE  # of the largest size


def _scripted(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    size = c.size(a)
    if size > abi.SCRIPT_PAGES * abi.PAGE_SIZE:
        given = "size" if "size" in a.values else "pages"
        a.fail(given, f"a file of at most {abi.SCRIPT_PAGES} pages")
    block = a.number("block", _SECTOR, abi.PAGE_SIZE, abi.PAGE_SIZE)
    if block & (block - 1):
        a.fail("block", "block=512, 1024, 2048 or 4096")
    slot = c.slot(Result.FILE)
    c.visible[c.process].add(slot)
    flags = a.symbols("flags")
    return abi.Op(code, c.process, n=size, aux=block, slot=slot, flags=flags, line=line)


def _get_block(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    block = a.number("block", 0, abi.SCRIPT_BLOCKS - 1)
    n = a.number("n", 1, abi.SCRIPT_BLOCKS - block, 1)
    flags = a.symbols("flags")
    metadata = abi.WHOLE
    if "metadata" in a.values:
        metadata = a.number("metadata", 0, _DISK_BLOCKS - 1)
    if ("at" in a.values) == bool(flags & abi.Block.ERROR):
        a.fail("at", "either at= or ERROR among flags")
    return abi.Op(
        code,
        c.process,
        addr=block,
        n=n,
        aux=a.number("at", 0, _DISK_BLOCKS - n, 0),
        flags=flags,
        file=c.file(a),
        index=metadata,
        line=line,
    )


def _add_buffers(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    page = a.number("page", 0, abi.SCRIPT_PAGES - 1)
    return abi.Op(code, c.process, addr=page, file=c.file(a), line=line)


def _readahead(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    nr = a.number("nr", 1, abi.SCRIPT_PAGES)
    take = a.number("take", 0, nr) if "take" in a.values else abi.WHOLE
    return abi.Op(
        code,
        c.process,
        addr=a.number("page", 0, FILE_PAGES_MAX),
        n=nr,
        aux=a.number("late", 0, nr, 0),
        file=c.file(a),
        index=take,
        line=line,
    )


def _asked(c: Scope, a: Arguments, code: abi.Code, line: int) -> abi.Op:
    return abi.Op(code, c.process, file=c.file(a), line=line)


COMPILE = {
    abi.Code.SCRIPTED: _scripted,
    abi.Code.GET_BLOCK: _get_block,
    abi.Code.ADD_BUFFERS: _add_buffers,
    abi.Code.MPAGE_READAHEAD: _readahead,
    abi.Code.BIOS: _asked,
    abi.Code.GET_BLOCKS: _asked,
}
