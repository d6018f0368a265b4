"""Calls that a process makes itself: mappings, accesses, processes."""

from __future__ import annotations

from .. import abi
from ..abi import Code, Kind, VmaFlag
from . import batches, contpte, device, fault, hugetlb, mapping, populate, process, stack
from . import vma as vmas
from .calls import Expected, Model, call, pages_of, value
from .content import UNKNOWN
from .registry import V_GROWSDOWN, V_HUGETLB
from .rules import V_MAYREAD, V_MAYSHARE, V_MAYWRITE, V_SHARED, Rules
from .state import P_HUGE, P_NC, P_WC, P_WRITE, State, Vma
from .waiting import Sleeps

EINVAL, ENOMEM, EEXIST, EACCES = 22, 12, 17, 13
SIGBUS, SIGSEGV = 7, 11
SEGV_MAPERR, SEGV_ACCERR, BUS_ADRERR = 1, 2, 2
# Plain numbers: an enum's operators are slow.
_MAP_SHARED, _MAP_HUGETLB = int(abi.Map.SHARED), int(abi.Map.HUGETLB)
_MAP_FIXED = int(abi.Map.FIXED)
_PROT_WRITE = int(abi.Prot.WRITE)
_MAP_GROWSDOWN, _MAP_POPULATE = int(abi.Map.GROWSDOWN), int(abi.Map.POPULATE)
_MAYEXEC = int(VmaFlag.MAYEXEC)
_PROT_ALL = int(abi.Prot.READ | abi.Prot.WRITE | abi.Prot.EXEC)


@call(Code.MMAP)
def _mmap(model: Model, state: State, op: abi.Op) -> Expected:
    """mmap, MAP_FIXED or of what is free. Source: 6.1 mm/mmap.c do_mmap, __mmap_region."""
    rules, mm = model.rules, state.mms[op.process]
    start, end = pages_of(model, op)
    fixed = bool(op.flags & _MAP_FIXED) and rules.fixed_replaces()
    if not fixed and vmas.overlapping(mm.vmas, start, end):
        return value(-EEXIST)
    shared = bool(op.flags & _MAP_SHARED)
    flags = _asked_flags(op)
    file, pgoff, refused = -1, start, 0
    if op.file >= 0:
        file, pgoff = state.slots[op.file], op.aux >> abi.PAGE_SHIFT
        flags = _file_flags(rules, state, file, flags)
        if flags < 0:
            return value(flags)
        refused = rules.secret_mmap(shared, 0) if state.files[file].secret else 0
    of_file = op.file >= 0 or bool(op.flags & _MAP_HUGETLB)
    if op.flags & _MAP_GROWSDOWN and not rules.may_be_stack(shared, of_file):
        return value(-EINVAL)
    if fixed and (not refused or rules.fixed_unmaps_first()):
        refused = _clear(model, state, op.process, start, end) or refused
    if refused:
        return value(refused)
    if op.flags & _MAP_HUGETLB:
        if not hugetlb.reserve(rules, state, op.process, start, end):
            return value(-ENOMEM)
        flags = rules.huge_vma_flags(flags)
    if file < 0 and (shared or op.flags & _MAP_HUGETLB):
        file, pgoff = state.new_file(-1, op.n), 0
    private = not shared and not op.flags & _MAP_HUGETLB
    account = private and bool(op.prot & _PROT_WRITE)
    huge = bool(op.flags & _MAP_HUGETLB)
    new = Vma(start, end, flags, file, pgoff, 0, False, account, apart=huge)
    error = _enter(model.rules, state, op.process, new)
    if error:
        return value(error)
    if op.flags & _MAP_POPULATE:
        populate.range_(rules, state, op.process, start, end, False)
    return value(op.addr)


def _asked_flags(op: abi.Op) -> int:
    """The flags that a mapping has by what mmap was told."""
    flags = op.prot | V_MAYREAD | V_MAYWRITE | _MAYEXEC
    if op.flags & _MAP_SHARED:
        flags |= V_SHARED | V_MAYSHARE
    if op.flags & _MAP_GROWSDOWN:
        flags |= V_GROWSDOWN
    return flags


def _enter(rules: Rules, state: State, process: int, new: Vma) -> int:
    """A new VMA takes its place, and its file's ->mmap is called; 0 or -errno."""
    if state.device(new.file) is not None:
        return device.map_(rules, state, process, new)
    state.set_vmas(process, vmas.insert(rules, state.mms[process].vmas, new))
    return 0


def _file_flags(rules: Rules, state: State, file: int, flags: int) -> int:
    """What a file makes of its mapping's flags; -errno where do_mmap() will not have it so."""
    entry = state.files[file]
    if entry.secret:
        error = rules.secret_mmap(True, flags & _PROT_ALL)
        if error:
            return error
        flags = rules.secret_vma_flags(flags)
    if rules.mapping_denied(flags, entry.writable):
        return -EACCES
    return rules.mapped_flags(flags, entry.writable)


def _clear(model: Model, state: State, process: int, start: int, end: int) -> int:
    """Unmap what is where a mapping is to be; 0 or -errno."""
    if mapping.unmapped(model.rules, state, process, start, end):
        return 0
    return model.rules.fixed_cuts_huge()


@call(Code.MUNMAP)
def _munmap(model: Model, state: State, op: abi.Op) -> Expected:
    """munmap: zap, then forget. Source: 6.1 mm/mmap.c do_mas_align_munmap."""
    if model.rules.range_starts_badly(op.addr):
        return value(-EINVAL)
    start, end = pages_of(model, op)
    if start == end:
        return value(model.rules.munmap_empty_error())
    mm = state.mms[op.process]
    if not vmas.overlapping(mm.vmas, start, end) and model.rules.munmap_hole_is_error():
        return value(-EINVAL)
    done = mapping.unmapped(model.rules, state, op.process, start, end)
    return value(0 if done else -EINVAL)


@call(Code.MPROTECT)
def _mprotect(model: Model, state: State, op: abi.Op) -> Expected:
    """mprotect, VMA by VMA. Source: 6.1 mm/mprotect.c do_mprotect_pkey."""
    if model.rules.range_starts_badly(op.addr):
        return value(-EINVAL)
    start, end = pages_of(model, op)
    for found, at, stop in mapping.pieces(state, op.process, start, end):
        if found is None:
            if not model.rules.mprotect_goes_on():
                return value(-ENOMEM)
            continue
        if not model.rules.may_protect(found, op.prot):
            return value(-EACCES)
        flags = found.flags & ~_PROT_ALL | op.prot
        if flags != found.flags:
            if hugetlb.splits_badly(model.rules, found, at, stop):
                mapping.cut_first(model.rules, state, op.process, at)
                return value(-EINVAL)
            _protect(model, state, op, found, at, stop)
    return value(0)


def _protect(model: Model, state: State, op: abi.Op, found: Vma, start: int, end: int) -> None:
    """mprotect_fixup(): one piece of one VMA."""
    flags = found.flags & ~_PROT_ALL | op.prot
    writable = bool(op.prot & _PROT_WRITE) and not flags & V_SHARED
    mm = state.mms[op.process]
    account = found.account or writable
    anonymous = found.file < 0 and not flags & (V_SHARED | V_HUGETLB)
    if not op.prot & _PROT_WRITE and anonymous and not found.anon_vma:
        account = account and not model.rules.protect_unaccounts()
    changed = mapping.change(model.rules, state, op.process, found, start, end, flags, account)
    batches.protect(model.rules, state, op.process, start, end)
    for index in sorted(number for number in mm.ptes if start <= number < end):
        pte = mm.ptes[index]
        tracked = state.tracks_dirty(changed.file)
        bits = model.rules.protected_pte(pte.flags, changed)
        bits = model.rules.notified_pte(bits, changed, tracked)
        if (bits | changed.memory) & (P_WC | P_NC):
            memory = model.rules.protected_type(bits, changed.memory)
            bits = bits & ~(P_WC | P_NC) | memory
        if model.rules.uffd_stays_protected(bits, changed):
            bits &= ~P_WRITE
        elif not pte.flags & P_HUGE or model.rules.upgrades_leaf(hugetlb.is_hugetlb(changed)):
            bits = model.rules.upgraded_pte(bits, changed, state.pages[pte.page].flags)
        state.set_pte(op.process, index, bits, pte.page)
    contpte.fold(model.rules, state, op.process, start, end)
    if model.rules.protect_populates(found.flags, flags):
        populate.protected(model.rules, state, op.process, start, end)


# ---- loads and stores -----------------------------------------------------------


def _touch(model: Model, state: State, op: abi.Op, addr: int, write: bool) -> Expected | int:
    """Make one address accessible: the page it lies in, or the signal."""
    index = model.arena.index(addr)
    found = vmas.find(state.mms[op.process].vmas, index) if index >= 0 else None
    if found is None and index >= 0:
        found = stack.grow(model.rules, state, op.process, index)
    if found is None:
        return Expected(Kind.SIGNAL, signo=SIGSEGV, si_code=SEGV_MAPERR, addr=addr)
    allowed = model.rules.may_store(found) if write else model.rules.may_load(found)
    if not allowed and not (write and _is_writable(model, state, op.process, index)):
        return Expected(Kind.SIGNAL, signo=SIGSEGV, si_code=SEGV_ACCERR, addr=addr)
    try:
        if not fault.user_access(model.rules, state, op.process, found, index, write):
            return Expected(Kind.SIGNAL, signo=SIGBUS, si_code=BUS_ADRERR, addr=addr)
    except device.Failed as failed:
        signo, code = model.rules.fault_signal(failed.code)
        return Expected(Kind.SIGNAL, signo=signo, si_code=code, addr=addr)
    return state.mapped(op.process, index)


def _is_writable(model: Model, state: State, process: int, index: int) -> bool:
    """Is there an entry that lets the processor write?"""
    found = state.leaf(process, index)
    pte = found[1] if found else state.mms[process].ptes.get(index)
    return pte is not None and model.rules.processor_stores(pte.flags)


@call(Code.LOAD)
def _load(model: Model, state: State, op: abi.Op) -> Expected:
    data = b""
    known = True
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
        content = state.pages[page].content
        known &= content is not UNKNOWN
        data += content.read(offset, length)
    return value(op.n, data if known else None)


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
    return value(0 if process.fork(model.rules, state, op.process, op.slot) else -ENOMEM)


@call(Code.EXIT)
def _exit(model: Model, state: State, op: abi.Op) -> Expected:
    process.end(model.rules, state, op.process)
    return value(0)
