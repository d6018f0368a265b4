"""Calls that the module makes: get_user_pages, and what is done with held pages."""

from __future__ import annotations

from .. import abi
from ..abi import Code, Kind, Refused
from . import gup
from .calls import Expected, Model, call, value
from .state import ZERO_PAGE, State


@call(Code.GET_USER_PAGES, Code.GET_USER_PAGES_FAST)
def _gup(model: Model, state: State, op: abi.Op) -> Expected:
    refused = gup.refusal(model.rules, state, model.arena, op)
    if refused is not Refused.NONE:
        return Expected(Kind.REFUSED, refused=refused)
    if op.code is Code.GET_USER_PAGES_FAST:
        return value(gup.fast(model.rules, state, model.arena, op))
    may_retry = model.rules.slow_may_retry()
    return value(gup.slow(model.rules, state, model.arena, op, op.addr, op.n, may_retry))


def held_indexes(state: State, op: abi.Op) -> list[int]:
    """Indexes of the held pages that an operation means; empty if none is held."""
    pages = state.held.get(op.slot, [])
    if op.index == abi.WHOLE:
        return [index for index, page in enumerate(pages) if page is not None]
    if op.index < len(pages) and pages[op.index] is not None:
        return [op.index]
    return []


def _why_not(model: Model, state: State, slot: int) -> Refused:
    """Why nothing of a held set can be worked on."""
    busy = any(made.op.slot == slot and made.page for made in state.calls.values())
    return Refused.BUSY if busy and model.rules.set_is_busy() else Refused.NOT_HELD


@call(Code.PUT_PAGE)
def _put(model: Model, state: State, op: abi.Op) -> Expected:
    held = held_indexes(state, op)
    if not held:
        return Expected(Kind.REFUSED, refused=_why_not(model, state, op.slot))
    for index in held:
        page = state.unhold(op.slot, index)
        for _ in range(model.rules.put_drops()):
            state.put(page)
    return value(len(held))


@call(Code.SET_PAGE_DIRTY_LOCK)
def _dirty(model: Model, state: State, op: abi.Op) -> Expected:
    held = held_indexes(state, op)
    if not held:
        return Expected(Kind.REFUSED, refused=_why_not(model, state, op.slot))
    for index in held:
        number = state.held[op.slot][index]
        assert number is not None
        page = state.page(state.head(number))
        page.flags = model.rules.dirtied_flags(page.flags)
    return value(len(held))


@call(Code.PEEK)
def _peek(model: Model, state: State, op: abi.Op) -> Expected:
    held = held_indexes(state, op)
    if not held:
        return Expected(Kind.REFUSED, refused=_why_not(model, state, op.slot))
    number = state.held[op.slot][op.index]
    assert number is not None
    return value(op.n, state.pages[number].content.read(op.aux, op.n))


@call(Code.POKE)
def _poke(model: Model, state: State, op: abi.Op) -> Expected:
    held = held_indexes(state, op)
    if not held:
        return Expected(Kind.REFUSED, refused=_why_not(model, state, op.slot))
    number = state.held[op.slot][op.index]
    assert number is not None
    if model.rules.poke_refused(number == ZERO_PAGE):
        return Expected(Kind.REFUSED, refused=Refused.RESERVED)
    page = state.page(number)
    page.content = page.content.write(op.aux, op.data)
    return value(len(op.data))
