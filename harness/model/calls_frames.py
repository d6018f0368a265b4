"""Calls that map memory by frame number, and those that look at such mappings."""

from __future__ import annotations

from .. import abi
from ..abi import PAGE_SHIFT, Code, Kind, Refused
from . import calls_module, frames, zap
from . import vma as vmas
from .calls import Expected, Model, call, pages_of, refusal, value
from .rules_frames import EINVAL
from .state import State


@call(
    Code.REMAP_PFN_RANGE,
    Code.VM_IOMAP_MEMORY,
    Code.VMF_INSERT_PFN,
    Code.VMF_INSERT_PFN_PROT,
    Code.VMF_INSERT_MIXED,
)
def _map(model: Model, state: State, op: abi.Op) -> Expected:
    rules = model.rules
    pages = frames.named(rules, state, op.slot, op.index)
    if pages is None:
        return refusal(calls_module.why_not(model, state, op.slot))
    if frames.unfit(rules, state, op.slot):
        return refusal(Refused.UNFIT)
    vma = vmas.find(state.mms[op.process].vmas, model.arena.index(op.aux))
    if rules.device_wanted(vma is not None and state.device(vma.file) is not None):
        return refusal(Refused.NOT_DEVICE)
    assert vma is not None
    at = op.addr - model.arena.start
    if op.code is Code.REMAP_PFN_RANGE:
        made = frames.remap(rules, state, op.process, vma, at, pages, op, True)
    elif op.code is Code.VM_IOMAP_MEMORY:
        made = frames.iomap(rules, state, op.process, vma, pages, op, True)
    else:
        index = at >> PAGE_SHIFT
        made = frames.insert(rules, state, op.process, vma, index, pages, op.code, op.flags)
    if made.refused is not Refused.NONE:
        return refusal(made.refused)
    return Expected(Kind.VALUE, ret=made.ret, warning=made.warning)


@call(Code.FOLLOW_PFN)
def _follow(model: Model, state: State, op: abi.Op) -> Expected:
    """follow_pfn(). Source: 6.1 mm/memory.c."""
    rules, arena = model.rules, model.arena
    vma = vmas.find(state.mms[op.process].vmas, arena.index(op.aux))
    if vma is None:
        return refusal(Refused.NO_VMA) if rules.zap_wants_vma() else value(0)
    index = arena.index(op.addr)
    if rules.leaf_refused(state.leaf(op.process, index) is not None):
        return refusal(Refused.WRONG_VMA)
    outside = rules.follow_checks() and not vma.start <= index < vma.end
    if outside or not rules.follow_allowed(vma.flags):
        return value(-EINVAL)
    pte = state.mms[op.process].ptes.get(index)
    if pte is None:
        return value(rules.follow_absent())
    return Expected(Kind.VALUE, data=None, frame=pte.page)


@call(Code.ZAP_VMA_PTES)
def _zap(model: Model, state: State, op: abi.Op) -> Expected:
    """zap_vma_ptes(), which says nothing. Source: 6.1 mm/memory.c."""
    rules, arena = model.rules, model.arena
    vma = vmas.find(state.mms[op.process].vmas, arena.index(op.aux))
    if vma is None:
        return refusal(Refused.NO_VMA) if rules.zap_wants_vma() else value(0)
    if rules.zap_unaligned(op.addr, op.addr + op.n):
        return refusal(Refused.UNALIGNED)
    start, end = pages_of(model, op)
    if rules.zap_ptes_inside(vma, start, end) and rules.zap_ptes_allowed(vma.flags):
        zap.range_(rules, state, op.process, start, end)
    return value(0)
