"""Memory that is mapped by frame number: device memory, a ROM, a driver's pages uncounted.

Source: 6.1 mm/memory.c; kmod/frames.c.
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import abi
from ..abi import BAR_PAGES, PAGE_SHIFT, PAGE_SIZE, Alloc, Code, Fault, PageFlag, Refused
from . import device, memtypes, zap
from .content import EMPTY, UNKNOWN
from .outcome import Warned
from .rules import Rules
from .rules_frames import EINVAL, SIGBUS
from .state import BAR_PAGE, FRAME_OFFSET, ROM_PAGE, Page, State, Vma

ROM_FIRST, ROM_END = 0xF0, 0x100  # frames of x86's ROM
_ROM_FLAGS = int(PageFlag.RESERVED | PageFlag.NO_DATA)
_FILE = "mm/memory.c"
_WARNS = (
    "remap_pfn_range_internal",
    "remap_pfn_range_notrack",
    "remap_pfn_range_track",
    "do_remap_pfn_range",
    "remap_pfn_range",
)


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a call: refused, or returned, maybe with a warning."""

    refused: Refused = Refused.NONE
    ret: int = 0
    warning: Warned | None = None


def _fixed(state: State, first: int, count: int) -> list[int]:
    """Pages of the device memory or the ROM: they are there from the first use on."""
    numbers = list(range(first, first + count))
    for number in numbers:
        if number not in state.pages:
            rom = number < BAR_PAGE
            page = Page(_ROM_FLAGS if rom else 0, UNKNOWN if rom else EMPTY)
            page.foreign = True  # nobody frees it
            state.pages[number] = state.own[number] = page
    return numbers


def named(rules: Rules, state: State, slot: int, index: int) -> list[int] | None:
    """The pages from a named frame on that may be mapped; None: it is no held page."""
    if slot == abi.SLOT_BAR:
        return _fixed(state, BAR_PAGE + index, max(0, BAR_PAGES - index))
    if slot == abi.SLOT_PHYSICAL:
        rom = rules.sem.rom and ROM_FIRST <= index < ROM_END
        return _fixed(state, ROM_PAGE + index, ROM_END - index if rom else 0)
    if device.held_page(state, slot, index) is None:
        return None
    held = state.held[slot]
    end = index + 1
    if state.allocated.get(slot) != Alloc.SINGLE:
        while end < len(held) and held[end] is not None:
            end += 1
    return [page for page in held[index:end] if page is not None]


def _lend(state: State, pages: list[int]) -> None:
    state.lent.update(page for page in pages if page < ROM_PAGE)


def _in_way(state: State, process: int, start: int, end: int) -> bool:
    ptes = state.mms[process].ptes
    return any(index in ptes for index in range(start, end))


# ---- remap_pfn_range ----------------------------------------------------------


def remap(
    rules: Rules,
    state: State,
    process: int,
    vma: Vma,
    addr: int,
    pages: list[int],
    op: abi.Op,
    linked: bool,
) -> Made:
    """remap_pfn_range() at a byte of the arena.

    Args:
        pages: those that may be mapped, from the first on.
        op: has the size and the memory type.
        linked: the mapping is in its file's list already.
    """
    count = rules.remap_pages(op.n)
    start = addr >> PAGE_SHIFT
    fails = rules.remap_unaligned(addr) or rules.remap_partial(vma, start, start + count)
    refused = _refuse_remap(rules, state, process, vma, addr, len(pages), op.n, fails)
    if refused is Refused.NONE and not fails and rules.changes_offset(vma, linked):
        refused = Refused.WRONG_VMA
    if refused is not Refused.NONE:
        return Made(refused)
    pages = pages[:count]
    _lend(state, pages)
    if rules.remap_marks_first():
        if rules.remap_partial(vma, start, start + count):
            return Made(ret=-EINVAL)
        vma = _become(rules, state, process, vma, pages[0])
    memory = _track(rules, state, vma, addr, pages, rules.frame_type(vma.memory, op.flags))
    if memory is None:
        return Made(ret=-EINVAL)
    if fails:
        if rules.remap_zaps():
            end = min(start + count, vma.end)
            zap.range_(rules, state, process, max(start, vma.start), end)
        return Made(ret=-EINVAL, warning=_warning(rules, state, addr))
    _map(rules, state, process, vma, start, pages, memory)
    return Made()


def _refuse_remap(
    rules: Rules,
    state: State,
    process: int,
    vma: Vma,
    addr: int,
    left: int,
    size: int,
    fails: bool,
) -> Refused:
    """Why the module does not call remap_pfn_range(); NONE if it does.

    Args:
        left: pages that may be mapped.
        fails: the kernel would turn the call down.
    """
    count = rules.remap_pages(size)
    if rules.frames_refused(count, left):
        return Refused.NOT_OURS
    if rules.empty_refused(size):
        return Refused.EMPTY
    start = addr >> PAGE_SHIFT
    if fails:
        inside = vma.start << PAGE_SHIFT <= addr and addr + size <= vma.end << PAGE_SHIFT
        meets = rules.zap_meets_end(addr, size, inside)
        return Refused.NONE if meets else Refused.UNALIGNED
    if rules.remap_outside(vma, start, start + count):
        return Refused.OUTSIDE
    mapped = _in_way(state, process, start, start + count)
    return Refused.MAPPED if rules.remap_over(mapped) else Refused.NONE


def _track(
    rules: Rules, state: State, vma: Vma, addr: int, pages: list[int], wanted: int
) -> int | None:
    """track_pfn_remap(): the memory type that the frames get; None: an error."""
    if not rules.keeps_types():
        return wanted
    if addr == vma.start << PAGE_SHIFT and len(pages) == vma.end - vma.start:
        if vma.track:
            return None
        return memtypes.reserve(rules, state, pages[0], len(pages), wanted)
    return rules.type_of_part([memtypes.of(rules, state, page) for page in pages])


def _warning(rules: Rules, state: State, addr: int) -> Warned | None:
    """WARN_ON_ONCE(!PAGE_ALIGNED(addr))."""
    if not rules.remap_unaligned(addr):
        return None
    place = (f"{_WARNS[0]} aligned", "")
    if place in state.warned and not rules.warns_again():
        return None
    state.warned |= {place}
    return Warned(_FILE, _WARNS)


def _become(rules: Rules, state: State, process: int, vma: Vma, first: int) -> Vma:
    """What remap_pfn_range() makes of a VMA."""
    pgoff = rules.remap_pgoff(vma, FRAME_OFFSET + first)
    changed = vma._replace(flags=rules.remap_flags(vma.flags), pgoff=pgoff)
    return state.change_vma(process, vma, changed)


def _map(
    rules: Rules, state: State, process: int, vma: Vma, start: int, pages: list[int], memory: int
) -> None:
    """remap_pte_range(), and what the VMA becomes."""
    vma = _become(rules, state, process, vma, pages[0])
    if rules.marks_tracked() and len(pages) == vma.end - vma.start:
        if rules.tracks_by_context():
            tracked = vma._replace(track=memtypes.context(state, pages[0], len(pages)))
        else:
            tracked = vma._replace(flags=rules.tracked_flags(vma.flags))
        vma = state.change_vma(process, vma, tracked)
    for index, page in enumerate(pages, start):
        state.set_pte(process, index, rules.frame_pte(vma, memory), page)


# ---- vm_iomap_memory ------------------------------------------------------------


def iomap(
    rules: Rules,
    state: State,
    process: int,
    vma: Vma,
    pages: list[int],
    op: abi.Op,
    linked: bool,
) -> Made:
    """vm_iomap_memory() of an area that begins op.addr bytes inside the first page."""
    start = _physical(op) + op.addr
    fits = rules.iomap_fits(vma, start, op.n & ((1 << 64) - 1))
    first, count = rules.iomap_first(vma), vma.end - vma.start
    if fits:
        if rules.frames_refused(first + count, len(pages)):
            return Made(Refused.NOT_OURS)
        if rules.remap_over(_in_way(state, process, vma.start, vma.end)):
            return Made(Refused.MAPPED)
        if rules.changes_offset(vma, linked):
            return Made(Refused.WRONG_VMA)
        _lend(state, pages)
    memory = rules.frame_type(vma.memory, op.flags)
    vma = state.change_vma(process, vma, vma._replace(memory=memory))
    pages = pages[first : first + count]
    if fits and rules.remap_marks_first():
        vma = _become(rules, state, process, vma, pages[0])
    kept = _track(rules, state, vma, vma.start << PAGE_SHIFT, pages, memory) if fits else None
    if kept is None:
        return Made(ret=-EINVAL)
    _map(rules, state, process, vma, vma.start, pages, kept)
    return Made()


def _physical(op: abi.Op) -> int:
    """Where the first frame lies; of the device memory and held pages: somewhere."""
    return op.index * PAGE_SIZE if op.slot == abi.SLOT_PHYSICAL else 1 << 30


# ---- vmf_insert_pfn and its like ---------------------------------------------------


def insert(
    rules: Rules,
    state: State,
    process: int,
    vma: Vma,
    index: int,
    pages: list[int],
    code: int,
    wanted: int,
) -> Made:
    """vmf_insert_pfn(), vmf_insert_pfn_prot() or vmf_insert_mixed(): a vm_fault_t."""
    if rules.frames_refused(1, len(pages)):
        return Made(Refused.NOT_OURS)
    if rules.insert_stops(code, vma, pages[0] < BAR_PAGE):
        return Made(Refused.WRONG_VMA)
    _lend(state, pages[:1])
    if rules.pfn_outside(vma, index):
        return Made(ret=SIGBUS)
    present = index in state.mms[process].ptes
    if not present or rules.pfn_replaces():
        memory = rules.frame_type(vma.memory, wanted)
        if rules.keeps_types():
            memory = memtypes.of(rules, state, pages[0])
        state.set_pte(process, index, rules.frame_pte(vma, memory), pages[0])
    return Made(ret=rules.pfn_result(present))


# ---- from within ->mmap and ->fault ---------------------------------------------------


def unfit(rules: Rules, state: State, slot: int) -> bool:
    """Are a slot's frames such that no driver may map them?"""
    ours = slot in state.allocated or slot in (abi.SLOT_BAR, abi.SLOT_PHYSICAL)
    return rules.unfit_page(ours, False, False)


@device.within_mmap(Code.ON_MMAP_REMAP_PFN_RANGE)
@device.within_mmap(Code.ON_MMAP_VM_IOMAP_MEMORY)
def _within(rules: Rules, state: State, process: int, vma: Vma, op: abi.Op) -> int:
    pages = named(rules, state, op.slot, op.index)
    if pages is None or unfit(rules, state, op.slot):
        return rules.mmap_refused()
    if op.code is Code.ON_MMAP_REMAP_PFN_RANGE:
        addr = (vma.start << PAGE_SHIFT) + op.aux
        made = remap(rules, state, process, vma, addr, pages, op, False)
    else:
        made = iomap(rules, state, process, vma, pages, op, False)
    return made.ret if made.refused is Refused.NONE else rules.mmap_refused()


@device.instead_of_page(Code.ON_FAULT_INSERT)
def _fault(rules: Rules, state: State, process: int, vma: Vma, index: int, op: abi.Op) -> None:
    """The frame that lies as far behind the first as the page does in the file."""
    offset = vma.pgoff + index - vma.start
    pages = named(rules, state, op.slot, op.index + offset)
    if pages is None or unfit(rules, state, op.slot):
        raise device.Failed(Fault.SIGBUS)
    made = insert(rules, state, process, vma, index, pages, op.aux, op.flags)
    if made.refused is not Refused.NONE:
        raise device.Failed(Fault.SIGBUS)
