"""Calls about held pages: giving them back, marking them dirty, reading and writing them."""

from __future__ import annotations

from .. import abi
from ..abi import Code, Refused
from . import device, gup
from .calls import Expected, Model, call, refusal, value
from .content import UNKNOWN
from .state import ZERO_PAGE, State


def held_indexes(state: State, op: abi.Op) -> list[int]:
    """Indexes of the held pages that an operation means; empty if none is held."""
    pages = state.held.get(op.slot, [])
    if op.index == abi.WHOLE:
        return [index for index, page in enumerate(pages) if page is not None]
    if op.index < len(pages) and pages[op.index] is not None:
        return [op.index]
    return []


def why_not(model: Model, state: State, slot: int) -> Refused:
    """Why nothing of a held set can be worked on."""
    busy = any(made.op.slot == slot and made.page for made in state.calls.values())
    return Refused.BUSY if busy and model.rules.set_is_busy() else Refused.NOT_HELD


@call(Code.PUT_PAGE, Code.UNPIN_USER_PAGE)
def _release(model: Model, state: State, op: abi.Op) -> Expected:
    held = held_indexes(state, op)
    if not held:
        return refusal(why_not(model, state, op.slot))
    rules, pin = model.rules, op.slot in state.pins
    if rules.wrong_release(pin, op.code is Code.UNPIN_USER_PAGE):
        return refusal(Refused.IS_PIN if pin else Refused.NOT_PIN)
    lent = any(state.held[op.slot][index] in state.lent for index in held)
    kind = state.allocated.get(op.slot)
    if kind is not None and not rules.leaves_whole(kind):
        if op.index != abi.WHOLE:
            return refusal(Refused.WHOLE)
        if rules.lent_refused(lent):
            return refusal(Refused.LENT)
        return value(device.give_back(state, op.slot))
    if rules.lent_refused(lent):
        return refusal(Refused.LENT)
    for index in held:
        page = state.unhold(op.slot, index)
        if pin:
            gup.unpin(rules, state, page)
        else:
            state.put(page, rules.put_drops())
    return value(len(held))


@call(Code.SET_PAGE_DIRTY, Code.SET_PAGE_DIRTY_LOCK)
def _dirty(model: Model, state: State, op: abi.Op) -> Expected:
    held = held_indexes(state, op)
    if not held:
        return refusal(why_not(model, state, op.slot))
    for index in held:
        number = state.held[op.slot][index]
        assert number is not None
        page = state.page(state.head(number))
        locked = op.code is Code.SET_PAGE_DIRTY_LOCK
        dirtied = model.rules.dirtied_flags if locked else model.rules.dirtied_unlocked
        page.flags = dirtied(page.flags)
    return value(len(held))


@call(Code.PEEK)
def _peek(model: Model, state: State, op: abi.Op) -> Expected:
    held = held_indexes(state, op)
    if not held:
        return refusal(why_not(model, state, op.slot))
    number = state.held[op.slot][op.index]
    assert number is not None
    content = state.pages[number].content
    return value(op.n, None if content is UNKNOWN else content.read(op.aux, op.n))


@call(Code.POKE)
def _poke(model: Model, state: State, op: abi.Op) -> Expected:
    held = held_indexes(state, op)
    if not held:
        return refusal(why_not(model, state, op.slot))
    number = state.held[op.slot][op.index]
    assert number is not None
    if model.rules.poke_refused(number == ZERO_PAGE or state.pages[number].foreign):
        return refusal(Refused.RESERVED)
    page = state.page(number)
    page.content = page.content.write(op.aux, op.data)
    return value(len(op.data))
