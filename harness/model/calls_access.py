"""Calls on another process's memory: access_process_vm, /proc/PID/mem, ptrace, process_vm_readv."""

from __future__ import annotations

import dataclasses

from .. import abi
from ..abi import Code, Kind, Refused
from . import calls_blocking, remote
from .calls import Expected, Model, Warned, call, refusal, value
from .gup import FORCE, KILLED
from .remote import Access
from .state import State

_WORD = 8


def _refusal(model: Model, state: State, op: abi.Op) -> Refused:
    """Why the module will not make a call of access_process_vm; NONE if it will."""
    rules = model.rules
    if rules.access_negative(op.n):
        return Refused.NEGATIVE
    if rules.access_too_long(op.n, abi.ACCESS_MAX):
        return Refused.TOO_LONG
    return Refused.NO_TARGET if rules.access_lost(op.index in state.mms) else Refused.NONE


@call(Code.ACCESS_PROCESS_VM)
def _access(model: Model, state: State, op: abi.Op) -> Expected:
    refused = _refusal(model, state, op)
    if refused is not Refused.NONE:
        return refusal(refused)
    if not model.rules.access_reaches(state.lives(op.index)):
        return value(0)
    data = remote.repeated(op.data, op.n) if op.data else None
    force, killed = bool(op.flags & FORCE), bool(op.mode & KILLED)
    access = Access(op.index, op.addr, op.n, data, force, killed)
    copied = remote.transfer(model.rules, state, model.arena, access)
    ret = model.rules.access_count(copied.done)
    return Expected(Kind.VALUE, ret=ret, data=copied.shown, warning=copied.warning)


@call(Code.MEM_READ, Code.MEM_WRITE)
def _mem(model: Model, state: State, op: abi.Op) -> Expected:
    """/proc/PID/mem: accesses until one transfers nothing. Source: 6.1 fs/proc/base.c mem_rw."""
    rules = model.rules
    error = rules.mem_error(state.lives(op.slot))
    if error:
        return value(error)
    size = len(op.data) or op.n
    access = Access(op.slot, op.addr, size, op.data or None, rules.mem_forces())
    data: bytes | None = b""
    done = 0
    warning: Warned | None = None
    while done < size:
        copied = remote.transfer(rules, state, model.arena, access.part(done, size - done))
        done += copied.done
        if copied.warning is not None:
            times = warning.times + 1 if warning is not None else 1
            warning = dataclasses.replace(copied.warning, times=times)
        data = None if data is None or copied.data is None else data + copied.data
        if not copied.done or not rules.mem_goes_on():
            break
    ret = rules.mem_count(done, size)
    return Expected(Kind.VALUE, ret=ret, data=data, warning=warning)


@call(Code.PEEKDATA, Code.POKEDATA)
def _trace(model: Model, state: State, op: abi.Op) -> Expected:
    """One word by ptrace, of a process that is stopped for it."""
    rules = model.rules
    if rules.trace_refused(calls_blocking.sleeps(state, op.index)):
        return refusal(Refused.BUSY)
    error = rules.trace_gone(state.lives(op.index)) or rules.trace_self(op.index == op.process)
    if error:
        return value(error)
    access = Access(op.index, op.addr, _WORD, op.data or None, rules.trace_forces())
    copied = remote.transfer(rules, state, model.arena, access)
    result = rules.trace_result(copied.done)
    data = b"" if result else copied.data
    return Expected(Kind.VALUE, ret=result, data=data, warning=copied.warning)


@call(Code.VM_READ, Code.VM_WRITE)
def _vm(model: Model, state: State, op: abi.Op) -> Expected:
    """process_vm_readv() and process_vm_writev(): all pages are pinned first."""
    rules = model.rules
    if rules.vm_returns_early(op.n):
        return value(0)
    error = rules.vm_error(state.lives(op.index))
    if error:
        return value(error)
    return remote.vm(rules, state, model.arena, op, ())
