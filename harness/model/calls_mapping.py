"""Calls on mappings as wholes: mremap, mlock, munlock, msync."""

from __future__ import annotations

from .. import abi
from ..abi import Code
from . import hugetlb, mapping, populate, writeback
from . import vma as vmas
from .calls import Expected, Model, call, pages_of, value
from .registry import V_LOCKED
from .rules import Rules
from .state import State, Vma

EFAULT, EBUSY, EINVAL, ENOMEM = 14, 16, 22, 12
_FIXED = int(abi.Mremap.FIXED)


@call(Code.MREMAP)
def _mremap(model: Model, state: State, op: abi.Op) -> Expected:
    """mremap, in place or to a fixed place. Source: 6.1 mm/mremap.c mremap."""
    rules = model.rules
    if rules.range_starts_badly(op.addr) or not op.index:
        return value(-EINVAL)
    start, end = pages_of(model, op)
    found = vmas.find(state.mms[op.process].vmas, start)
    if found is None and rules.remap_finds_first():
        return value(-EFAULT)
    size = op.index
    if found is not None and hugetlb.is_hugetlb(found) and rules.remaps_huge():
        end, size = start + _whole(end - start), _whole(size)
        if not rules.remap_huge(start, op.aux >> abi.PAGE_SHIFT, size > end - start):
            return value(-EINVAL)
    if op.flags & _FIXED:
        return _move(model, state, op, start, end, size)
    if size <= end - start:
        done = mapping.unmapped(rules, state, op.process, start + size, end)
        return value(op.addr if done else -EINVAL)
    if found is None:
        return value(-EFAULT)
    return _expand(model, state, op, found, end, start + size)


def _whole(pages: int) -> int:
    """As many pages in whole huge ones."""
    return -(-pages // abi.HUGE_PAGES) * abi.HUGE_PAGES


def _expand(model: Model, state: State, op: abi.Op, found: Vma, end: int, new: int) -> Expected:
    """Grow a mapping in place, from end to new."""
    rules, mm = model.rules, state.mms[op.process]
    if hugetlb.is_hugetlb(found) and not rules.remaps_huge():
        return value(-EINVAL)
    if not rules.remap_fits(found, end):
        return value(-EFAULT)
    free = not vmas.overlapping(mm.vmas, found.end, new)
    if not rules.remap_grows(found):
        return value(-EFAULT)
    if not rules.remap_expands(end == found.end, free):
        return value(-ENOMEM)
    if found.apart:
        if rules.remap_keeps_special(found):
            return value(-ENOMEM)
        state.change_vma(op.process, found, found._replace(end=new))
        return value(op.addr)
    more = found._replace(start=end, end=new, pgoff=found.pgoff + end - found.start)
    state.set_vmas(op.process, vmas.insert(rules, mm.vmas, more))
    if found.flags & V_LOCKED:
        populate.range_(rules, state, op.process, end, new, False)
    return value(op.addr)


def _move(model: Model, state: State, op: abi.Op, start: int, end: int, size: int) -> Expected:
    """mremap_to(): what was at the new place goes first, whatever comes of the rest."""
    rules, process = model.rules, op.process
    if rules.range_starts_badly(op.aux):
        return value(-EINVAL)
    to = (op.aux - model.arena.start) >> abi.PAGE_SHIFT
    if rules.remap_overlaps(start, end, to, to + size):
        return value(-EINVAL)
    if rules.remap_looks_first():
        error = _cannot_move(model, state, op, start, end, size)
        if error:
            return value(error)
    if rules.remap_moves_many() and size == end - start:
        return value(_move_all(model, state, process, start, end, to) or op.aux)
    if not mapping.unmapped(rules, state, process, to, to + size):
        return value(-EINVAL)
    if end - start > size:
        if not mapping.unmapped(rules, state, process, start + size, end):
            return value(-EINVAL)
        end = start + size
    found = vmas.find(state.mms[process].vmas, start)
    if found is None:
        return value(-EFAULT)
    error = _denied(rules, found, end, size > end - start)
    if error:
        return value(error)
    mapping.move(rules, state, process, found, start, end, to, size)
    if found.flags & V_LOCKED:
        populate.range_(rules, state, process, to + end - start, to + size, False)
    return value(op.aux)


def _denied(rules: Rules, found: Vma, end: int, grows: bool) -> int:
    """vma_to_resize(), of what is moved: 0 or -errno."""
    if hugetlb.is_hugetlb(found) and not rules.remaps_huge():
        return -EINVAL
    if not rules.remap_fits(found, end) or (grows and not rules.remap_grows(found)):
        return -EFAULT
    return 0


def _cannot_move(model: Model, state: State, op: abi.Op, start: int, end: int, size: int) -> int:
    """check_prep_vma(), of what is moved alone; 0 or -errno."""
    rules = model.rules
    if size == end - start and rules.remap_moves_many():
        return 0
    found = vmas.find(state.mms[op.process].vmas, start)
    if found is None:
        return -EFAULT
    return _denied(rules, found, min(end, start + size), size > end - start)


def _move_all(model: Model, state: State, process: int, start: int, end: int, to: int) -> int:
    """remap_move(): each mapping of a range, and the gaps between them; 0 or -errno."""
    rules = model.rules
    for found in vmas.overlapping(state.mms[process].vmas, start, end):
        if hugetlb.is_hugetlb(found) and not rules.remaps_huge():
            return -EINVAL
        low, high = max(found.start, start), min(found.end, end)
        alone = low == start and high == end
        if not alone and not rules.remap_among_others(found):
            return -EFAULT
        there = to + low - start
        if not mapping.unmapped(rules, state, process, there, there + high - low):
            return -EINVAL
        still = vmas.find(state.mms[process].vmas, low)
        assert still is not None
        mapping.move(rules, state, process, still, low, high, there, high - low)
    return 0


@call(Code.MLOCK, Code.MUNLOCK)
def _mlock(model: Model, state: State, op: abi.Op) -> Expected:
    """mlock and munlock, VMA by VMA. Source: 6.1 mm/mlock.c do_mlock."""
    rules = model.rules
    first, _ = pages_of(model, op)
    low, high = rules.lock_pages(op.addr % abi.PAGE_SIZE, op.n)
    start, end = first + low, first + high
    locking = op.code is Code.MLOCK
    for found, at, stop in mapping.pieces(state, op.process, start, end):
        if found is None:
            if not rules.lock_goes_on():
                return value(-ENOMEM)
            continue
        flags = found.flags | V_LOCKED if locking else found.flags & ~V_LOCKED
        if flags != found.flags and rules.lock_takes(found, state.is_secret(found.file)):
            mapping.change(rules, state, op.process, found, at, stop, flags, found.account)
    if not locking:
        return value(0)
    return value(populate.range_(rules, state, op.process, start, end, True))


@call(Code.MSYNC)
def _msync(model: Model, state: State, op: abi.Op) -> Expected:
    """msync: only of a file on a disk is anything written. Source: 6.1 mm/msync.c msync."""
    rules = model.rules
    if rules.range_starts_badly(op.addr) or rules.sync_flags_bad(op.flags):
        return value(-EINVAL)
    start, end = pages_of(model, op)
    at = start
    missing = False
    for found in vmas.overlapping(state.mms[op.process].vmas, at, end):
        if found.start > at:
            missing = True
            if not rules.sync_goes_on(op.flags):
                return value(-ENOMEM)
        if rules.sync_busy(op.flags, found):
            return value(-EBUSY)
        if state.is_secret(found.file) and not rules.secret_syncs(op.flags):
            return value(-EINVAL)
        if found.file >= 0 and rules.sync_writes(op.flags, found):
            if state.device(found.file) is not None:
                return value(rules.device_error(op.code))
            shift = found.pgoff - found.start
            low, high = max(start, found.start), min(end, found.end)
            writeback.write(rules, state, found.file, low + shift, high + shift)
        at = found.end
    return value(-ENOMEM if missing or at < end else 0)
