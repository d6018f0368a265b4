"""Calls that get pages: what the module refuses, what the kernel rejects, what comes back."""

from __future__ import annotations

from .. import abi
from ..abi import Code, Kind, Refused
from . import gup, gup_refusal
from .calls import Expected, Model, Warned, call, refusal
from .state import State

_FILE = "mm/gup.c"


@call(*sorted(abi.GETS))
def _get(model: Model, state: State, op: abi.Op) -> Expected:
    refused = gup_refusal.why(model.rules, state, model.arena, op)
    if refused is not Refused.NONE:
        return refusal(refused)
    getter = gup.Getter(model.rules, state, model.arena, op)
    place = _rejected(model, op)
    if place is not None:
        answer = _answer(model, op, model.rules.rejected(op.code), getter, False)
        return answer._replace(warning=_warning(model, state, *place))
    ret = getter.fast(op) if op.code in gup.FAST else getter.slow(op.addr, op.n)
    return _answer(model, op, ret, getter, getter.dropped)


def resume(model: Model, state: State, op: abi.Op, done: int) -> Expected:
    """Make what is left of a call that slept, which let the mmap lock go."""
    getter = gup.Getter(model.rules, state, model.arena, op)
    return _answer(model, op, getter.go_on(op, done), getter, True)


def _answer(model: Model, op: abi.Op, ret: int, getter: gup.Getter, dropped: bool) -> Expected:
    """What the call returns, and beside it what it left in vmas or locked."""
    if op.code is Code.GET_USER_PAGES_FAST_ONLY:
        ret = model.rules.fast_only_result(ret)
    data = b""
    if op.aux & gup.VMAS:
        data = model.rules.vmas_filled(ret, getter.gates).to_bytes(4, "little")
    elif op.aux & gup.LOCKED:
        data = int(not dropped).to_bytes(4, "little")
    return Expected(Kind.VALUE, ret=ret, data=data)


def _rejected(model: Model, op: abi.Op) -> tuple[str, str, str] | None:
    """The check that turns the call's flags down, with -EINVAL and a WARN_ON_ONCE.

    Returns:
        A name for the check, the function that has it, and the function called;
        None if the flags pass.
    """
    rules, called, release = model.rules, op.code.name.lower(), model.rules.sem.release
    valid = "is_valid_gup_args" if release.one_check else "is_valid_gup_flags"
    own = valid if release.one_check else called
    pin = bool(op.flags & gup.PIN)
    if rules.rejects_pin(op.code, pin):
        return "PIN", valid, called
    if rules.rejects_longterm(op.code, bool(op.flags & gup.LONGTERM)):
        return "LONGTERM", own if op.code is Code.GET_USER_PAGES_UNLOCKED else valid, called
    if rules.rejects_get(op.code, bool(op.flags & gup.GET)):
        return "GET", own, called
    if op.code in gup.FAST and rules.fast_rejects(op.flags):
        return "flags", release.fast_function, called
    return None


def _warning(model: Model, state: State, check: str, function: str, called: str) -> Warned | None:
    """The warning of a check that fails; None where it has warned before.

    A compiler may put a check into each function that makes it: then each of
    them warns once.
    """
    place = f"{function} {check}"
    before = [caller for name, caller in state.warned if name == place]
    if before and not model.rules.warns_again():
        if called in before or function == called:
            return None
        if state.choose("warn_once", 2) == 0:
            return None
    state.warned |= {(place, called)}
    return Warned(_FILE, (function, called))
