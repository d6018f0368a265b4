"""A driver's calls: allocating pages, what its file does, vm_insert_page.

Source: kmod/alloc.c, kmod/device.c; 6.1 mm/memory.c.
"""

from __future__ import annotations

from .. import abi
from ..abi import Code, Refused
from . import calls_module, device
from . import vma as vmas
from .calls import Expected, Model, call, refusal, value
from .state import G_COMPOUND, State

EINVAL = 22


@call(Code.ALLOC_PAGES)
def _alloc(model: Model, state: State, op: abi.Op) -> Expected:
    rules, kind = model.rules, op.flags
    flags = rules.alloc_flags(kind, op.n)
    state.allocated[op.slot] = kind
    head = state.new_compound(flags, op.n) if flags & G_COMPOUND else 0
    for index in range(op.n):
        page = state.subpage(head, index) if flags & G_COMPOUND else state.new_page(flags)
        if index == 0 or not flags & G_COMPOUND:
            state.page(page).ref = rules.alloc_refs(kind, index == 0)
        state.hold(op.slot, page)
    return value(op.n)


@call(Code.DEVICE)
def _device(model: Model, state: State, op: abi.Op) -> Expected:
    state.new_file(op.slot, 0, device=True)
    return value(0)


@call(Code.FAULT_AROUND)
def _fault_around(model: Model, state: State, op: abi.Op) -> Expected:
    """debugfs fault_around_bytes. Source: 6.1 mm/memory.c fault_around_bytes_set."""
    pages = model.rules.around_pages(op.n)
    if pages is None:
        return value(-EINVAL)
    state.around = pages
    return value(0)


# What a device is told; a file that was never opened is none.
TOLD = frozenset(
    {
        Code.ON_MMAP,
        Code.ON_MMAP_INSERT_PAGE,
        Code.ON_MMAP_REMAP_PFN_RANGE,
        Code.ON_MMAP_VM_IOMAP_MEMORY,
        Code.ON_FAULT,
        Code.ON_FAULT_INSERT,
        Code.ON_ACCESS,
    }
)


@call(*sorted(TOLD))
def _tell(model: Model, state: State, op: abi.Op) -> Expected:
    found = state.device(state.slots.get(op.file, -1))
    if model.rules.device_wanted(found is not None):
        return refusal(Refused.NOT_DEVICE)
    assert found is not None
    adds = op.code in device.WITHIN_MMAP
    if adds and model.rules.too_many_calls(len(found.calls)):
        return refusal(Refused.CAPACITY)
    device.tell(state, op)
    return value(0)


def _refusal(model: Model, state: State, op: abi.Op) -> Refused:
    """Why the module does not call vm_insert_page(); NONE if it does."""
    rules = model.rules
    page = device.held_page(state, op.slot, op.index)
    if page is None:
        return calls_module.why_not(model, state, op.slot)
    if not device.is_fit(rules, state, op.slot, page):
        return Refused.UNFIT
    found = vmas.find(state.mms[op.process].vmas, model.arena.index(op.aux))
    if rules.device_wanted(found is not None and state.device(found.file) is not None):
        return Refused.NOT_DEVICE
    assert found is not None
    return Refused.PFNMAP if rules.pfnmap_refused(found.flags) else Refused.NONE


@call(Code.VM_INSERT_PAGE)
def _insert(model: Model, state: State, op: abi.Op) -> Expected:
    refused = _refusal(model, state, op)
    if refused is not Refused.NONE:
        return refusal(refused)
    found = vmas.find(state.mms[op.process].vmas, model.arena.index(op.aux))
    page = device.held_page(state, op.slot, op.index)
    assert found is not None
    assert page is not None
    at = model.arena.index(op.addr)
    return value(device.insert_page(model.rules, state, op.process, found, at, page))
