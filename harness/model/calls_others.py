"""Calls of one process on another: kill, and its memory through /proc/PID/mem."""

from __future__ import annotations

from .. import abi
from ..abi import Code, Kind
from . import populate, process, stack
from . import vma as vmas
from .calls import Expected, Model, call, value
from .state import State

SIGKILL = 9


@call(Code.KILL)
def _kill(model: Model, state: State, op: abi.Op) -> Expected:
    """SIGKILL; the process is gone, memory and all, before anybody looks."""
    error = model.rules.kill_error(state.lives(op.slot))
    if error:
        return value(error)
    process.exit_(model.rules, state, op.slot)
    if op.slot == op.process:
        return Expected(Kind.DEATH, signo=SIGKILL)
    return value(0)


def _page(model: Model, state: State, op: abi.Op, done: int, write: bool) -> int | None:
    """The page that the next bytes lie in; None where they cannot be had."""
    index = model.arena.index(op.addr + done)
    if index < 0:
        return None
    if vmas.find(state.mms[op.slot].vmas, index) is None and model.rules.mem_grows_stack(not done):
        stack.grow(model.rules, state, op.slot, index)
    force = model.rules.mem_forces()
    return populate.getter(model.rules, state, op.slot, write, force, False).page(index)


@call(Code.MEM_READ, Code.MEM_WRITE)
def _mem(model: Model, state: State, op: abi.Op) -> Expected:
    """/proc/PID/mem, page by page. Source: 6.1 mm/memory.c __access_remote_vm."""
    rules = model.rules
    error = rules.mem_error(state.lives(op.slot))
    if error:
        return value(error)
    write = op.code is Code.MEM_WRITE
    wanted = len(op.data) if write else op.n
    data, done = b"", 0
    while done < wanted:
        number = _page(model, state, op, done, write)
        if number is None:
            break
        at = (op.addr + done) % abi.PAGE_SIZE
        length = min(wanted - done, abi.PAGE_SIZE - at)
        if write:
            page = state.page(number)
            page.content = page.content.write(at, op.data[done : done + length])
            counted = state.page(state.head(number))
            counted.flags = rules.mem_dirtied(counted.flags)
        else:
            data += state.pages[number].content.read(at, length)
        done += length
    return value(rules.mem_count(done), data)
