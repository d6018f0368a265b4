"""Files of the module's: what their ->mmap does, and their ->fault.

Source: kmod/device.c; 6.1 mm/memory.c, mm/mmap.c mmap_region.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TypeAlias

from .. import abi
from ..abi import Code, Fault
from . import contpte, mapping
from . import vma as vmas
from .registry import V_MIXEDMAP
from .rules import Rules
from .state import G_ANON, ZERO_PAGE, State, Vma, rss_of

EFAULT, EINVAL, EBUSY = 14, 22, 16
_PAGE = int(Fault.PAGE)

# (rules, state, process, VMA, call) -> 0 or -errno: made from within ->mmap
Within: TypeAlias = Callable[[Rules, State, int, Vma, abi.Op], int]
WITHIN_MMAP: dict[Code, Within] = {}


class Failed(Exception):
    """->fault returned an error.

    Attributes:
        code: which.
    """

    def __init__(self, code: Fault) -> None:
        super().__init__(code)
        self.code = code


# (rules, state, process, VMA, page of the arena, what ->fault was told): it fills the entry in
Instead: TypeAlias = Callable[[Rules, State, int, Vma, int, abi.Op], None]
INSTEAD: dict[Code, Instead] = {}


def instead_of_page(code: Code) -> Callable[[Instead], Instead]:
    """Register what a ->fault does that gives no page."""

    def register(function: Instead) -> Instead:
        INSTEAD[code] = function
        return function

    return register


def within_mmap(code: Code) -> Callable[[Within], Within]:
    """Register what a call that a device makes from within ->mmap does."""

    def register(function: Within) -> Within:
        WITHIN_MMAP[code] = function
        return function

    return register


def map_(rules: Rules, state: State, process: int, new: Vma) -> int:
    """mmap_region() of a device: its ->mmap; 0 or -errno, and nothing is left."""
    device = state.device(new.file)
    assert device is not None
    new = new._replace(flags=new.flags | device.vm_flags, apart=True)
    state.set_vmas(process, vmas.insert(rules, state.mms[process].vmas, new))
    for call in device.calls:
        found = vmas.find(state.mms[process].vmas, new.start)
        assert found is not None
        error = WITHIN_MMAP[call.code](rules, state, process, found, call)
        if error:
            mapping.unmap(rules, state, process, new.start, new.end)
            return error
    return 0


def held_page(state: State, slot: int, index: int) -> int | None:
    """The page that a set has at an index; None: none."""
    held = state.held.get(slot, [])
    return held[index] if 0 <= index < len(held) else None


def is_fit(rules: Rules, state: State, slot: int, page: int) -> bool:
    """May a driver map that page of a held set?"""
    anon = bool(state.pages[state.head(page)].flags & G_ANON)
    return not rules.unfit_page(slot in state.allocated, anon, page == ZERO_PAGE)


def insert_page(rules: Rules, state: State, process: int, vma: Vma, index: int, page: int) -> int:
    """vm_insert_page() at a page of the arena; 0 or -errno."""
    head = state.pages[state.head(page)]
    if rules.insert_outside(vma, index):
        return -EFAULT
    unreferenced = rules.insert_unreferenced(head.ref, page == ZERO_PAGE)
    flags = rules.insert_vma_flags(vma.flags)
    if flags != vma.flags and (rules.insert_marks_first() or not unreferenced):
        state.change_vma(process, vma, vma._replace(flags=flags))
    if unreferenced:
        return -EINVAL
    if rules.insert_bad_kind(head.flags) or (page == ZERO_PAGE and rules.insert_bad_zero(vma)):
        return -EINVAL
    if index in state.mms[process].ptes and not rules.insert_replaces():
        return -EBUSY
    counts = rules.insert_counts(page == ZERO_PAGE)
    state.get(page, counts)
    state.page(page).map += counts
    state.count(process, rss_of(head.flags), counts)
    state.set_pte(process, index, rules.inserted_pte(vma, page == ZERO_PAGE), page)
    contpte.fold(rules, state, process, index, index + 1)
    return 0


@within_mmap(Code.ON_MMAP_INSERT_PAGE)
def _insert_within(rules: Rules, state: State, process: int, vma: Vma, call: abi.Op) -> int:
    page = held_page(state, call.slot, call.index)
    if page is None or not is_fit(rules, state, call.slot, page):
        return rules.mmap_refused()
    if rules.pfnmap_refused(vma.flags):
        return rules.mmap_refused()
    return insert_page(rules, state, process, vma, vma.start + call.n, page)


def fault(rules: Rules, state: State, process: int, vma: Vma, index: int) -> int | None:
    """->fault: the page that it gives, without a reference; None: the entry is there now.

    Raises:
        Failed: it returned an error.
    """
    device = state.device(vma.file)
    assert device is not None
    told = device.fault
    if told is not None and told.code in INSTEAD:
        INSTEAD[told.code](rules, state, process, vma, index, told)
        return None
    if told is None or told.flags != _PAGE:
        raise Failed(Fault(told.flags) if told is not None else Fault.SIGBUS)
    offset = vma.pgoff + index - vma.start
    page = held_page(state, told.slot, offset)
    if page is None:
        raise Failed(Fault.SIGBUS)
    head = state.pages[state.head(page)]
    if rules.fault_refuses(told.slot in state.allocated, head.flags, head.ref, vma.flags):
        raise Failed(Fault.SIGBUS)
    if told.index == abi.WHOLE:
        return page
    other = held_page(state, told.index, offset)
    if (
        other is None
        or not is_fit(rules, state, told.index, other)
        or not vma.flags & V_MIXEDMAP
        or insert_page(rules, state, process, vma, index, other)
    ):
        raise Failed(Fault.SIGBUS)
    return page if rules.fault_overwrites() else None


def tell(state: State, op: abi.Op) -> None:
    """A device is told what to do."""
    entry = state.files[state.slots[op.file]]
    device = entry.device
    assert device is not None
    if op.code is Code.ON_MMAP:
        entry.device = dataclasses.replace(device, vm_flags=op.flags, calls=())
    elif op.code is Code.ON_FAULT or op.code in INSTEAD:
        entry.device = dataclasses.replace(device, fault=op)
    elif op.code is Code.ON_ACCESS:
        entry.device = dataclasses.replace(device, access=op)
    else:
        entry.device = dataclasses.replace(device, calls=(*device.calls, op))


def give_back(state: State, slot: int) -> int:
    """A set that is one block or object is given back; how many pages it has."""
    pages = [state.unhold(slot, index) for index in range(len(state.held[slot]))]
    # an object's pages may have no reference
    state.put(pages[0], min(1, state.pages[pages[0]].ref))
    for page in pages[1:]:
        if page in state.pages and not state.pages[page].tail:
            state.forget(page)
    return len(pages)
