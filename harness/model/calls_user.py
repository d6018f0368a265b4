"""Calls that a process makes itself: mappings, accesses, processes."""

from __future__ import annotations

from .. import abi
from ..abi import Code, Kind, VmaFlag
from . import fault, hugetlb, pagecache, process, thp, zap
from . import vma as vmas
from .calls import Expected, Model, call, pages_of, value
from .rules import V_MAYREAD, V_MAYSHARE, V_MAYWRITE, V_SHARED
from .state import P_HUGE, State, Vma
from .waiting import Sleeps

EINVAL, ENOMEM, EEXIST, EACCES = 22, 12, 17, 13
SIGBUS, SIGSEGV = 7, 11
SEGV_MAPERR, SEGV_ACCERR, BUS_ADRERR = 1, 2, 2
# Plain numbers: an enum's operators are slow.
_MAP_SHARED, _MAP_HUGETLB = int(abi.Map.SHARED), int(abi.Map.HUGETLB)
_PROT_WRITE = int(abi.Prot.WRITE)
_MAYEXEC = int(VmaFlag.MAYEXEC)
_PROT_ALL = int(abi.Prot.READ | abi.Prot.WRITE | abi.Prot.EXEC)


@call(Code.MMAP)
def _mmap(model: Model, state: State, op: abi.Op) -> Expected:
    """mmap(MAP_FIXED_NOREPLACE). Source: 6.1 mm/mmap.c do_mmap, mmap_region."""
    start, end = pages_of(model, op)
    mm = state.mms[op.process]
    if vmas.overlapping(mm.vmas, start, end):
        return value(-EEXIST)
    flags = op.prot | V_MAYREAD | V_MAYWRITE | _MAYEXEC
    shared = bool(op.flags & _MAP_SHARED)
    if shared:
        flags |= V_SHARED | V_MAYSHARE
    file, pgoff = -1, 0
    if op.file >= 0:
        file, pgoff = state.slots[op.file], op.aux >> abi.PAGE_SHIFT
        if state.files[file].secret:
            error = model.rules.secret_mmap(shared, op.prot)
            if error:
                return value(error)
            flags = model.rules.secret_vma_flags(flags)
        writable = state.files[file].writable
        if model.rules.mapping_denied(flags, writable):
            return value(-EACCES)
        flags = model.rules.mapped_flags(flags, writable)
    elif op.flags & _MAP_HUGETLB:
        if not hugetlb.reserve(model.rules, state, op.process, start, end):
            return value(-ENOMEM)
        flags = model.rules.huge_vma_flags(flags)
        file = state.new_file(-1, op.n)
    elif shared:
        file = state.new_file(-1, op.n)
    private = not shared and not op.flags & _MAP_HUGETLB
    account = private and bool(op.prot & _PROT_WRITE)
    new = Vma(start, end, flags, file, pgoff, 0, True, account)
    state.set_vmas(op.process, vmas.insert(model.rules, mm.vmas, new))
    return value(op.addr)


@call(Code.MUNMAP)
def _munmap(model: Model, state: State, op: abi.Op) -> Expected:
    """munmap: zap, then forget. Source: 6.1 mm/mmap.c do_mas_align_munmap."""
    if model.rules.range_starts_badly(op.addr):
        return value(-EINVAL)
    start, end = pages_of(model, op)
    mm = state.mms[op.process]
    if not vmas.overlapping(mm.vmas, start, end) and model.rules.munmap_hole_is_error():
        return value(-EINVAL)
    found = vmas.overlapping(mm.vmas, start, end)
    if any(hugetlb.splits_badly(model.rules, vma, start, end) for vma in found):
        return value(-EINVAL)
    zap.range_(model.rules, state, op.process, start, end)
    hugetlb.release(state, op.process, start, end)
    state.set_vmas(op.process, vmas.cut(mm.vmas, start, end))
    pagecache.drop_unmapped(model.rules, state)
    return value(0)


@call(Code.MPROTECT)
def _mprotect(model: Model, state: State, op: abi.Op) -> Expected:
    """mprotect, VMA by VMA. Source: 6.1 mm/mprotect.c do_mprotect_pkey."""
    if model.rules.range_starts_badly(op.addr):
        return value(-EINVAL)
    start, end = pages_of(model, op)
    at = start
    while at < end:
        found = vmas.find(state.mms[op.process].vmas, at)
        if found is None:
            if not model.rules.mprotect_goes_on():
                return value(-ENOMEM)
            at += 1
            continue
        stop = min(found.end, end)
        if not model.rules.may_protect(found, op.prot):
            return value(-EACCES)
        if hugetlb.splits_badly(model.rules, found, at, stop):
            return value(-EINVAL)
        _protect(model, state, op, found, at, stop)
        at = stop
    return value(0)


def _protect(model: Model, state: State, op: abi.Op, found: Vma, start: int, end: int) -> None:
    """mprotect_fixup(): one piece of one VMA."""
    flags = found.flags & ~_PROT_ALL | op.prot
    if flags == found.flags:
        return
    writable = bool(op.prot & _PROT_WRITE) and not flags & V_SHARED
    thp.split_edges(model.rules, state, op.process, found, start, end)
    mm = state.mms[op.process]
    changed = vmas.part(found, start, end)._replace(flags=flags, account=found.account or writable)
    rest = vmas.cut(mm.vmas, start, end)
    state.set_vmas(op.process, vmas.insert(model.rules, rest, changed))
    for index in sorted(number for number in mm.ptes if start <= number < end):
        pte = mm.ptes[index]
        tracked = state.tracks_dirty(changed.file)
        bits = model.rules.protected_pte(pte.flags, changed)
        bits = model.rules.notified_pte(bits, changed, tracked)
        if not pte.flags & P_HUGE:
            bits = model.rules.upgraded_pte(bits, changed, state.pages[pte.page].flags)
        state.set_pte(op.process, index, bits, pte.page)


def _advise_huge(model: Model, state: State, op: abi.Op, found: Vma, start: int, end: int) -> int:
    """hugepage_madvise(), of a piece of one VMA."""
    if hugetlb.splits_badly(model.rules, found, start, end):
        return -EINVAL
    flags = model.rules.thp_advised(found.flags, op.flags == abi.Madv.HUGEPAGE)
    if flags != found.flags:
        thp.split_edges(model.rules, state, op.process, found, start, end)
        changed = vmas.part(found, start, end)._replace(flags=flags)
        rest = vmas.cut(state.mms[op.process].vmas, start, end)
        state.set_vmas(op.process, vmas.insert(model.rules, rest, changed))
    return 0


@call(Code.MADVISE)
def _madvise(model: Model, state: State, op: abi.Op) -> Expected:
    """MADV_DONTNEED. Source: 6.1 mm/madvise.c madvise_dontneed_single_vma."""
    if model.rules.range_starts_badly(op.addr):
        return value(-EINVAL)
    start, end = pages_of(model, op)
    covered = 0
    at = start
    for found in vmas.overlapping(state.mms[op.process].vmas, start, end):
        low, high = max(found.start, start), min(found.end, end)
        if low > at and not model.rules.madvise_goes_on():
            return value(-ENOMEM)
        if op.flags != abi.Madv.DONTNEED:
            error = _advise_huge(model, state, op, found, low, high)
            if error:
                return value(error)
            covered += high - low
            at = high
            continue
        last = model.rules.huge_dontneed(low, high) if hugetlb.is_hugetlb(found) else high
        if last is None:
            return value(-EINVAL)
        zap.range_(model.rules, state, op.process, low, last)
        covered += high - low
        at = high
    return value(0 if covered == end - start else -ENOMEM)


# ---- loads and stores -----------------------------------------------------------


def _touch(model: Model, state: State, op: abi.Op, addr: int, write: bool) -> Expected | int:
    """Make one address accessible: the page it lies in, or the signal."""
    index = model.arena.index(addr)
    found = vmas.find(state.mms[op.process].vmas, index) if index >= 0 else None
    if found is None:
        return Expected(Kind.SIGNAL, signo=SIGSEGV, si_code=SEGV_MAPERR, addr=addr)
    allowed = model.rules.may_store(found) if write else model.rules.may_load(found)
    if not allowed:
        return Expected(Kind.SIGNAL, signo=SIGSEGV, si_code=SEGV_ACCERR, addr=addr)
    if not fault.user_access(model.rules, state, op.process, found, index, write):
        return Expected(Kind.SIGNAL, signo=SIGBUS, si_code=BUS_ADRERR, addr=addr)
    return state.mapped(op.process, index)


@call(Code.LOAD)
def _load(model: Model, state: State, op: abi.Op) -> Expected:
    data = b""
    while len(data) < op.n:
        addr = op.addr + len(data)
        try:
            page = _touch(model, state, op, addr, False)
        except Sleeps as sleep:
            sleep.done, sleep.data = len(data), data
            raise
        if isinstance(page, Expected):
            return page
        offset = addr % abi.PAGE_SIZE
        length = min(op.n - len(data), abi.PAGE_SIZE - offset)
        data += state.pages[page].content.read(offset, length)
    return value(op.n, data)


@call(Code.STORE)
def _store(model: Model, state: State, op: abi.Op) -> Expected:
    done = 0
    while done < len(op.data):
        addr = op.addr + done
        try:
            page = _touch(model, state, op, addr, True)
        except Sleeps as sleep:
            sleep.done = done
            raise
        if isinstance(page, Expected):
            return page
        offset = addr % abi.PAGE_SIZE
        piece = op.data[done : done + abi.PAGE_SIZE - offset]
        frame = state.page(page)
        frame.content = frame.content.write(offset, piece)
        done += len(piece)
    return value(done)


# ---- processes ----------------------------------------------------------


@call(Code.FORK)
def _fork(model: Model, state: State, op: abi.Op) -> Expected:
    process.fork(model.rules, state, op.process, op.slot)
    return value(0)


@call(Code.EXIT)
def _exit(model: Model, state: State, op: abi.Op) -> Expected:
    process.exit_(model.rules, state, op.process)
    return value(0)
