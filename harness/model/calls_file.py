"""Calls on files: making them, their sizes, their way to the disk."""

from __future__ import annotations

from .. import abi
from ..abi import Code
from . import pagecache, writeback
from .calls import Expected, Model, call, value
from .state import State

EINVAL = 22
_MS_SYNC = int(abi.Ms.SYNC)


@call(Code.MEMFD, Code.SECRETMEM)
def _memfd(model: Model, state: State, op: abi.Op) -> Expected:
    """memfd_create() or memfd_secret(), and an ftruncate(). Source: 6.1 mm/secretmem.c."""
    state.new_file(op.slot, op.n, secret=op.code is Code.SECRETMEM)
    return value(0)


@call(Code.OPEN)
def _open(model: Model, state: State, op: abi.Op) -> Expected:
    """A new file on the disk, grown to its size."""
    writable = not op.flags & abi.Open.RDONLY
    file = state.new_file(op.slot, 0, on_disk=True, writable=writable)
    pagecache.truncate(model.rules, state, file, op.n)
    return value(0)


@call(Code.FTRUNCATE)
def _ftruncate(model: Model, state: State, op: abi.Op) -> Expected:
    file = state.slots[op.file]
    if state.device(file) is not None:
        return value(model.rules.device_error(op.code))
    if op.n < 0 or model.rules.truncate_denied(state.files[file].writable):
        return value(-EINVAL)
    if state.files[file].secret and not model.rules.secret_resizes(state.files[file].size):
        return value(-EINVAL)
    pagecache.truncate(model.rules, state, file, op.n)
    return value(0)


@call(Code.FSYNC)
def _fsync(model: Model, state: State, op: abi.Op) -> Expected:
    file = state.slots[op.file]
    if state.device(file) is not None:
        return value(model.rules.device_error(op.code))
    if state.is_secret(file) and not model.rules.secret_syncs(_MS_SYNC):
        return value(-EINVAL)
    writeback.write(model.rules, state, file)
    return value(0)


@call(Code.DROP_CACHES)
def _drop_caches(model: Model, state: State, op: abi.Op) -> Expected:
    writeback.drop_caches(model.rules, state)
    return value(0)
