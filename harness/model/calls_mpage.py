"""Calls about reading ahead: scripted files, mpage_readahead(), and what it asked of a disk."""

from __future__ import annotations

from .. import abi
from ..abi import Code, Refused
from . import mpage
from .blockio import FileIo, Run, Script
from .calls import Expected, Model, call, refusal, value
from .state import State


@call(Code.SCRIPTED)
def _scripted(model: Model, state: State, op: abi.Op) -> Expected:
    """A file whose blocks the program says, for reading only."""
    file = state.new_file(op.slot, op.n, on_disk=True, writable=False)
    rw_page = bool(op.flags & abi.Scripted.RW_PAGE)
    state.files[file].io = FileIo(Script(op.aux, rw_page))
    return value(0)


@call(Code.GET_BLOCK, Code.ADD_BUFFERS)
def _script(model: Model, state: State, op: abi.Op) -> Expected:
    io = state.files[state.slots[op.file]].io
    script = io.script if io is not None else None
    if model.rules.not_scripted(script is not None):
        return refusal(Refused.NOT_SCRIPTED)
    if script is not None and op.code is Code.ADD_BUFFERS:
        script.buffers.add(op.addr)
    elif script is not None:
        if model.rules.script_is_full(len(script.runs)):
            return refusal(Refused.RUNS)
        script.add(Run(op.addr, op.addr + op.n, op.aux, op.index, op.flags))
    return value(0)


@call(Code.MPAGE_READAHEAD)
def _readahead(model: Model, state: State, op: abi.Op) -> Expected:
    file = state.slots[op.file]
    io = state.files[file].io
    if model.rules.no_readahead(io is not None):
        return refusal(Refused.NO_READAHEAD)
    if io is not None:
        mpage.readahead(model.rules, state, file, op.addr, op.n, op.index, op.aux)
    return value(0)


@call(Code.BIOS, Code.GET_BLOCKS)
def _told(model: Model, state: State, op: abi.Op) -> Expected:
    io = state.files[state.slots[op.file]].io
    if io is None:
        return value(0)
    text = io.text(op.code is Code.BIOS).encode()
    return value(0, text if io.known or not text else None)
