"""Calls that sleep until another process fills a page in, or lets it be written.

Source: 6.1 fs/userfaultfd.c.
"""

from __future__ import annotations

import dataclasses

from .. import abi
from ..abi import Code, Kind
from . import calls_gup, populate, remote
from .calls import CALLS, Expected, Model, value
from .rules import Rules
from .state import State
from .waiting import Call, Sleeps

SIGKILL = 9
_BEGIN = int(abi.Mode.BEGIN)
# They pin pages of another process, copy, and unpin: no held set has those.
_COPIES = (Code.VM_READ, Code.VM_WRITE)


def make(model: Model, state: State, op: abi.Op) -> Expected:
    """Make an operation that may fall asleep; BLOCKED if it does."""
    for process, other in state.calls.items():
        if other.expected is None and other.told:
            state.calls[process] = dataclasses.replace(other, told=False)
    try:
        expected = CALLS[op.code](model, state, op)
    except Sleeps as sleep:
        state.calls[op.process] = _asleep(state, Call(op, state.number), sleep)
        return Expected(Kind.BLOCKED)
    if op.mode & _BEGIN:
        state.calls[op.process] = Call(op, state.number, expected=expected)
    return expected


def _asleep(state: State, made: Call, sleep: Sleeps) -> Call:
    """A call that sleeps: what it has done so far is out of everybody's sight."""
    taken = tuple(page for page in state.held.pop(made.op.slot, ()) if page is not None)
    for index, page in enumerate(taken):
        state.touched.add(("h", made.op.slot, index))
        state.page(page).users -= 1
    taken = taken or sleep.taken
    return dataclasses.replace(
        made,
        page=(sleep.process, sleep.index),
        data=made.data + sleep.data,
        done=made.done + sleep.done,
        taken=taken,
        told=True,
    )


def _show_taken(state: State, sleeper: Call) -> None:
    """The pages that a call took go to its held set, where they belong at its end."""
    if sleeper.op.code in _COPIES:
        return
    for page in sleeper.taken:
        state.hold(sleeper.op.slot, page)


def wake(model: Model, state: State, page: tuple[int, int]) -> None:
    """A page was filled in: who waited for it goes on, at once or in part."""
    for process, sleeper in list(state.calls.items()):
        if sleeper.page != page or not model.rules.uffd_wakes():
            continue
        _show_taken(state, sleeper)
        try:
            expected = _rest(model, state, sleeper)
        except Sleeps as sleep:
            again = _asleep(state, sleeper, sleep)
            state.calls[process] = dataclasses.replace(again, told=False)
            continue
        state.calls[process] = dataclasses.replace(
            sleeper, page=None, taken=(), expected=expected, told=False
        )


def _rest(model: Model, state: State, sleeper: Call) -> Expected:
    """Make what is left of a call."""
    op, done = sleeper.op, sleeper.done
    if op.code is Code.LOAD:
        rest = dataclasses.replace(op, addr=op.addr + done, n=op.n - done)
    elif op.code is Code.STORE:
        rest = dataclasses.replace(op, addr=op.addr + done, data=op.data[done:])
    elif op.code is Code.MREMAP:
        return value(_grown(model, state, op))
    elif op.code in (Code.MLOCK, Code.MADVISE):
        rest = op  # the pages that are there are passed by
    elif op.code in _COPIES:
        return remote.vm(model.rules, state, model.arena, op, sleeper.taken)
    else:
        return calls_gup.resume(model, state, op, len(sleeper.taken))
    expected = CALLS[op.code](model, state, rest)
    if expected.kind is not Kind.VALUE:
        return expected
    return value(done + expected.ret, sleeper.data + (expected.data or b""))


def _grown(model: Model, state: State, op: abi.Op) -> int:
    """What is left of a mremap of locked memory: the pages that it grew by."""
    base = op.aux if op.flags & abi.Mremap.FIXED else op.addr
    first = model.arena.index(base)
    start, end = first + (op.n >> abi.PAGE_SHIFT), first + op.index
    populate.range_(model.rules, state, op.process, start, end, False)
    return base


def interrupt(rules: Rules, state: State, process: int) -> None:
    """A process dies: the call that it sleeps in ends first, with the pages that it has."""
    sleeper = state.calls.get(process)
    if sleeper is None or sleeper.expected is not None:
        return
    if sleeper.op.code in _COPIES:
        remote.vm_pinned(rules, state, sleeper.op, sleeper.taken)
    elif rules.killed_keeps():
        _show_taken(state, sleeper)
    else:
        for page in sleeper.taken:
            state.put(page)
    dead = Expected(Kind.DEATH, signo=SIGKILL)
    over = dataclasses.replace(sleeper, page=None, taken=(), expected=dead, told=False)
    state.calls[process] = over


def collect(state: State, op: abi.Op) -> Expected:
    """wait(): what became of a call that was begun."""
    found = state.calls.get(op.process)
    if found is None or found.number != op.aux:
        return Expected(Kind.NO_PROCESS)
    state.calls[op.process] = dataclasses.replace(found, told=True)
    if found.expected is None:
        return Expected(Kind.BLOCKED)
    return found.expected._replace(warning=None)  # the log had it when the call was made


def has_memory(state: State, process: int) -> bool:
    """Does a call of another process sleep that holds on to this one's memory?"""
    return any(made.page is not None and made.page[0] == process for made in state.calls.values())


def sleeps(state: State, process: int) -> bool:
    """Is a process asleep in a call?"""
    found = state.calls.get(process)
    return found is not None and found.expected is None
