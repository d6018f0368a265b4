"""Calls on a file's pages that no mapping is needed for: fallocate, pread, pwrite.

Source: 6.1 mm/shmem.c, mm/filemap.c, fs/buffer.c.
"""

from __future__ import annotations

from .. import abi
from ..abi import Code, Falloc
from . import mpage, pagecache, swapping
from .calls import Expected, Model, call, value
from .rules_kinds import ESPIPE
from .state import G_UPTODATE, NEW_SHMEM, State

_PUNCH_HOLE = int(Falloc.PUNCH_HOLE)


@call(Code.FALLOCATE)
def _fallocate(model: Model, state: State, op: abi.Op) -> Expected:
    rules, file = model.rules, state.slots[op.file]
    entry = state.files[file]
    error = rules.fallocate_error(op.flags, op.n)
    error = error or rules.fallocate_denied(entry.writable, entry.disk is not None)
    if not error and entry.device is not None:
        error = rules.device_error(op.code)
    if error:
        return value(error)
    if state.is_secret(file):
        return value(rules.secret_fallocate())
    end = op.aux + op.n
    if op.flags & _PUNCH_HOLE:
        pagecache.punch(rules, state, file, op.aux, end)
        return value(0)
    for index in range(op.aux >> abi.PAGE_SHIFT, (end + abi.PAGE_SIZE - 1) >> abi.PAGE_SHIFT):
        number = swapping.cached(rules, state, file, index)
        if number is None:
            flags = rules.allocated_flags(NEW_SHMEM)
            state.cache_new(file, index, flags)
        else:
            page = state.page(number)
            page.flags = rules.reallocated_flags(page.flags)
    state.resize(file, rules.allocated_size(op.flags, entry.size, end))
    return value(0)


def _pieces(offset: int, size: int) -> list[tuple[int, int, int]]:
    """The pages that bytes of a file lie in: index, offset in the page, bytes there."""
    pieces = []
    end = offset + size
    while offset < end:
        index, at = divmod(offset, abi.PAGE_SIZE)
        length = min(end - offset, abi.PAGE_SIZE - at)
        pieces.append((index, at, length))
        offset += length
    return pieces


@call(Code.PREAD)
def _pread(model: Model, state: State, op: abi.Op) -> Expected:
    rules, file = model.rules, state.slots[op.file]
    if state.device(file) is not None:
        return value(rules.device_error(op.code))
    if state.is_secret(file):
        return value(rules.secret_io())
    entry = state.files[file]
    data = b""
    ready = {at: bool(state.pages[page].flags & G_UPTODATE) for at, page in entry.cache.items()}
    for index, at, length in _pieces(op.aux, rules.readable(entry.size, op.aux, op.n)):
        number = swapping.cached(rules, state, file, index)
        if entry.disk is not None or (number is None and rules.read_fills()):
            number = pagecache.get(rules, state, file, index)
            if rules.read_failed(state.pages[number].flags):
                if data and rules.pread_tries_again(ready.get(index - 1, False), index in ready):
                    pagecache.get(rules, state, file, index)
                return value(rules.pread_failed(len(data)), data)
        data += bytes(length) if number is None else state.pages[number].content.read(at, length)
    if entry.disk is not None and len(data) < op.n and rules.pread_reads_end():
        pagecache.get(rules, state, file, (op.aux + len(data)) // abi.PAGE_SIZE)
    return value(len(data), data)


@call(Code.PWRITE)
def _pwrite(model: Model, state: State, op: abi.Op) -> Expected:
    rules, file = model.rules, state.slots[op.file]
    if state.device(file) is not None:
        return value(rules.device_error(op.code))
    if state.is_secret(file):
        return value(rules.secret_io())
    entry = state.files[file]
    if entry.io is not None and entry.io.script is not None and not rules.script_has_position():
        return value(-ESPIPE)
    error = rules.pwrite_error(entry.writable)
    if error:
        return value(error)
    done = 0
    for index, at, length in _pieces(op.aux, len(op.data)):
        number = swapping.cached(rules, state, file, index)
        if number is None and entry.disk is None:
            number = state.cache_new(file, index, NEW_SHMEM)
        elif entry.disk is not None:
            number = pagecache.get(rules, state, file, index)
            mpage.add_block(rules, state, file, index, rules.pwrite_buffers())
        assert number is not None
        page = state.page(number)
        page.content = page.content.write(at, op.data[done : done + length])
        page.flags = rules.pwritten_flags(page.flags)
        done += length
    state.resize(file, rules.written_size(entry.size, op.aux + done))
    return value(done)
