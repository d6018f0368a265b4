"""userfaultfd: registering, and doing what it is told of.

Source: 6.1 fs/userfaultfd.c, mm/userfaultfd.c.
"""

from __future__ import annotations

from .. import abi
from ..abi import Code
from . import batches, contpte, guard, hugetlb, mapping, pagecache, swapping, thp
from . import vma as vmas
from .calls import Expected, Model, call, pages_of, value
from .calls_blocking import wake
from .content import EMPTY
from .registry import V_UFFD, V_UFFD_MINOR, V_UFFD_MISSING, V_UFFD_WP
from .rules import V_SHARED, Rules
from .state import NEW_SHMEM, P_GUARD, P_UFFD_WP, P_WRITE, SHMEM, ZERO_PAGE, State, Vma

ENOENT, ESRCH, EBADF, EFAULT, EBUSY, EEXIST, EINVAL = 2, 3, 9, 14, 16, 17, 22
_WP = int(abi.Uffd.WP)
_MODES = (
    (int(abi.Uffd.MISSING), V_UFFD_MISSING),
    (_WP, V_UFFD_WP),
    (int(abi.Uffd.MINOR), V_UFFD_MINOR),
)


@call(Code.UFFD_REGISTER)
def _register(model: Model, state: State, op: abi.Op) -> Expected:
    """UFFDIO_REGISTER, of a userfaultfd made with the first range."""
    state.uffds.add(op.process)
    if model.rules.uffd_mode_bad(op.flags) or model.rules.uffd_range_bad(op.addr, op.n):
        return value(-EINVAL)
    start, end = pages_of(model, op)
    mm = state.mms[op.process]
    found = vmas.overlapping(mm.vmas, start, end)
    if not found:
        above = any(vma.start >= end for vma in mm.vmas)
        return value(model.rules.uffd_nothing_above(above))
    foreign = any(_is_foreign(state, vma) for vma in found)
    if not model.rules.uffd_may_register(foreign):
        return value(-EINVAL)
    if not all(model.rules.uffd_may_be_minor(op.flags, vma) for vma in found):
        return value(-EINVAL)
    if not all(model.rules.uffd_may_be_protected(op.flags, vma) for vma in found):
        return value(-EINVAL)
    if any(_cuts_huge(model, vma, start, end) for vma in found):
        return value(-EINVAL)
    wanted = sum(flag for mode, flag in _MODES if op.flags & mode)
    if not all(model.rules.uffd_may_switch(vma.flags, wanted) for vma in found):
        return value(-EBUSY)
    for vma in found:
        flags = model.rules.uffd_registered_flags(vma.flags, V_UFFD, wanted)
        if flags == vma.flags:
            continue
        low, high = max(vma.start, start), min(vma.end, end)
        mapping.change(model.rules, state, op.process, vma, low, high, flags, vma.account)
    return value(0)


def _is_foreign(state: State, vma: Vma) -> bool:
    """Is it of a file that is neither shmem nor hugetlb's?"""
    if vma.file < 0:
        return False
    file = state.files[vma.file]
    return file.secret or file.disk is not None or file.device is not None


def _cuts_huge(model: Model, vma: Vma, start: int, end: int) -> bool:
    """Does the range begin or end inside a huge page of that VMA?"""
    if not hugetlb.is_hugetlb(vma):
        return False
    edges = [edge for edge in (start, end) if vma.start < edge < vma.end]
    return any(model.rules.uffd_splits_badly(edge) for edge in edges)


def _denied(rules: Rules, state: State, op: abi.Op, size: int) -> int:
    """What every call on a userfaultfd begins with: 0, or -errno."""
    if op.slot not in state.uffds:
        return -EBADF
    if rules.uffd_range_bad(op.addr, size):
        return -EINVAL
    return 0 if state.mms[op.slot].alive or rules.uffd_outlives() else -ESRCH


@call(Code.UFFD_COPY, Code.UFFD_ZEROPAGE, Code.UFFD_CONTINUE)
def _fill(model: Model, state: State, op: abi.Op) -> Expected:
    """UFFDIO_COPY, _ZEROPAGE or _CONTINUE of one page, which wakes who waited for it."""
    rules, target = model.rules, op.slot
    if op.code is Code.UFFD_CONTINUE and target in state.uffds and not rules.uffd_knows_continue():
        return value(-EINVAL)
    error = _denied(rules, state, op, abi.PAGE_SIZE)
    if error:
        return value(error)
    index = model.arena.index(op.addr)
    vma = vmas.find(state.mms[target].vmas, index)
    if vma is None or not rules.uffd_may_fill(vma):
        return value(-ENOENT)
    if not rules.uffd_may_copy(vma, bool(op.flags & _WP)):
        return value(-EINVAL)
    if not rules.uffd_fills_small(hugetlb.is_hugetlb(vma)):
        return value(-EINVAL)
    error = (_go_on if op.code is Code.UFFD_CONTINUE else _install)(model, state, op, vma, index)
    if not error:
        wake(model, state, (target, index))
    return value(error)


def _install(model: Model, state: State, op: abi.Op, vma: Vma, index: int) -> int:
    """mfill_atomic_pte(): 0 or -errno."""
    rules, target = model.rules, op.slot
    content = EMPTY.write(0, op.data) if op.data else EMPTY
    if not vma.flags & V_SHARED:
        vma = vmas.prepare_anon(state, target, vma)
    offset = vma.pgoff + index - vma.start
    if vma.file >= 0 and rules.beyond_eof(offset, state.files[vma.file].size):
        return rules.uffd_beyond_error(rules.uffd_fills_cache(vma))
    fills_cache = rules.uffd_fills_cache(vma)
    zero = op.code is Code.UFFD_ZEROPAGE
    mapped = _is_taken(model, state, target, index, zero and not fills_cache)
    there = mapped or (fills_cache and _has(state, vma.file, offset))
    if there and not rules.uffd_replaces():
        return -EEXIST
    flags = rules.uffd_copied_pte(rules.uffd_copy_pte(vma), bool(op.flags & _WP))
    if fills_cache:
        number = state.cache_new(vma.file, offset, NEW_SHMEM, content)
        page = state.page(number)
        page.ref += 1
        page.map = 1
        state.count(target, SHMEM, 1)
        state.set_pte(target, index, flags, number)
    elif zero:
        state.set_pte(target, index, rules.uffd_zero_pte(vma), ZERO_PAGE)
    else:
        state.map_anon(target, index, flags, content)
    return 0


def _is_taken(model: Model, state: State, process: int, index: int, zero: bool) -> bool:
    """Is there an entry that a page filled in may not replace?

    Args:
        zero: what is filled in is a private mapping's zero page.
    """
    if index in state.mms[process].ptes or state.leaf(process, index) is not None:
        return True
    absent = state.mms[process].absent.get(index)
    if swapping.is_swapped(absent) or guard.is_guard(absent):
        return True
    return absent is not None and not model.rules.uffd_fills_marker(zero)


def _has(state: State, file: int, offset: int) -> bool:
    """Does a file have that page, in its cache or in swap?"""
    entry = state.files[file]
    return offset in entry.cache or offset in entry.swapped


def _go_on(model: Model, state: State, op: abi.Op, vma: Vma, index: int) -> int:
    """mcontinue_atomic_pte(): 0 or -errno."""
    rules, target = model.rules, op.slot
    if not rules.uffd_may_continue(vma):
        return -EINVAL
    if not vma.flags & V_SHARED:
        vma = vmas.prepare_anon(state, target, vma)
    offset = vma.pgoff + index - vma.start
    file = state.files[vma.file]
    beyond = rules.beyond_eof(offset, file.size)
    error = rules.uffd_continue_error(beyond, _has(state, vma.file, offset))
    if error:
        return error
    number = pagecache.get(rules, state, vma.file, offset)
    if _is_taken(model, state, target, index, False) and not rules.uffd_replaces():
        return -EEXIST
    page = state.page(number)
    page.ref += 1
    page.map += 1
    state.count(target, SHMEM, 1)
    state.set_pte(target, index, rules.uffd_continued_pte(vma), number)
    return 0


# ---- write protection ----------------------------------------------------------------


@call(Code.UFFD_WRITEPROTECT)
def _writeprotect(model: Model, state: State, op: abi.Op) -> Expected:
    """UFFDIO_WRITEPROTECT: protect a range, or let it go and wake who waits for it."""
    rules, target = model.rules, op.slot
    error = _denied(rules, state, op, op.n)
    if error:
        return value(error)
    start, end = pages_of(model, op)
    protect = bool(op.flags & _WP)
    many = rules.uffd_protects_many()
    found = vmas.overlapping(state.mms[target].vmas, start, end)
    if not many:
        found = [vma for vma in found if vma.start <= start]
    for vma in found:
        low, high = max(start, vma.start), min(end, vma.end)
        if not rules.uffd_may_protect(vma, high if many else end):
            return value(-ENOENT)
        thp.split_edges(rules, state, target, vma, low, high)
        _change(rules, state, target, vma, (low, high), protect)
    if not found:
        return value(-ENOENT)
    if not protect:
        for index in range(start, end):
            wake(model, state, (target, index))
    return value(0)


def _change(
    rules: Rules, state: State, process: int, vma: Vma, span: tuple[int, int], protect: bool
) -> None:
    """uffd_wp_range(), change_pte_range(): entries of one VMA, from the first up to the last."""
    mm = state.mms[process]
    start, end = span
    batches.protect(rules, state, process, start, end)
    for index in sorted(number for number in mm.ptes if start <= number < end):
        flags, page = mm.ptes[index]
        if protect:
            flags = rules.uffd_protected_pte(flags, vma)
        else:
            flags = rules.uffd_resolved_pte(rules.protected_pte(flags, vma))
            if rules.uffd_upgrades():
                flags = rules.upgraded_pte(flags & ~P_WRITE, vma, state.pages[page].flags)
        state.set_pte(process, index, flags, page)
    contpte.fold(rules, state, process, start, end)
    for index in sorted(number for number in mm.absent if start <= number < end):
        flags, slot = mm.absent[index]
        if flags & P_GUARD:
            continue
        flags = flags | rules.uffd_mark() if protect else rules.uffd_resolved_pte(flags)
        if flags:
            state.set_absent(process, index, flags, slot)
        else:
            state.clear_absent(process, index)
    if protect and rules.uffd_marks_none(vma):
        for index in range(start, end):
            if index not in mm.ptes and index not in mm.absent:
                state.set_absent(process, index, P_UFFD_WP, 0)
