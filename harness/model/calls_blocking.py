"""userfaultfd, and calls that sleep until another process fills a page in.

Source: 6.1 fs/userfaultfd.c, mm/userfaultfd.c.
"""

from __future__ import annotations

import dataclasses

from .. import abi
from ..abi import Code, Kind
from . import calls_gup, hugetlb, mapping, populate
from . import vma as vmas
from .calls import CALLS, Expected, Model, call, pages_of, value
from .content import EMPTY
from .rules import V_SHARED, Rules
from .rules_blocking import V_UFFD
from .state import ANON, NEW_ANON, NEW_SHMEM, SHMEM, ZERO_PAGE, State, Vma
from .waiting import Call, Sleeps

ENOENT, ESRCH, EBADF, EFAULT, EEXIST, EINVAL = 2, 3, 9, 14, 17, 22
SIGKILL = 9
_BEGIN = int(abi.Mode.BEGIN)


# ---- falling asleep and going on ------------------------------------------------


def make(model: Model, state: State, op: abi.Op) -> Expected:
    """Make an operation that may fall asleep; BLOCKED if it does."""
    for process, other in state.calls.items():
        if other.expected is None and other.told:
            state.calls[process] = dataclasses.replace(other, told=False)
    try:
        expected = CALLS[op.code](model, state, op)
    except Sleeps as sleep:
        state.calls[op.process] = _asleep(state, Call(op, state.number), sleep)
        return Expected(Kind.BLOCKED)
    if op.mode & _BEGIN:
        state.calls[op.process] = Call(op, state.number, expected=expected)
    return expected


def _asleep(state: State, made: Call, sleep: Sleeps) -> Call:
    """A call that sleeps: what it has done so far is out of everybody's sight."""
    taken = tuple(page for page in state.held.pop(made.op.slot, ()) if page is not None)
    for index, page in enumerate(taken):
        state.touched.add(("h", made.op.slot, index))
        state.page(page).users -= 1
    return dataclasses.replace(
        made,
        page=(sleep.process, sleep.index),
        data=made.data + sleep.data,
        done=made.done + sleep.done,
        taken=taken,
        told=True,
    )


def _show_taken(state: State, sleeper: Call) -> None:
    """The pages that a call took go to its held set, where they belong at its end."""
    for page in sleeper.taken:
        state.hold(sleeper.op.slot, page)


def wake(model: Model, state: State, page: tuple[int, int]) -> None:
    """A page was filled in: who waited for it goes on, at once or in part."""
    for process, sleeper in list(state.calls.items()):
        if sleeper.page != page or not model.rules.uffd_wakes():
            continue
        _show_taken(state, sleeper)
        try:
            expected = _rest(model, state, sleeper)
        except Sleeps as sleep:
            again = _asleep(state, sleeper, sleep)
            state.calls[process] = dataclasses.replace(again, told=False)
            continue
        state.calls[process] = dataclasses.replace(
            sleeper, page=None, taken=(), expected=expected, told=False
        )


def _rest(model: Model, state: State, sleeper: Call) -> Expected:
    """Make what is left of a call."""
    op, done = sleeper.op, sleeper.done
    if op.code is Code.LOAD:
        rest = dataclasses.replace(op, addr=op.addr + done, n=op.n - done)
    elif op.code is Code.STORE:
        rest = dataclasses.replace(op, addr=op.addr + done, data=op.data[done:])
    elif op.code is Code.MREMAP:
        return value(_grown(model, state, op))
    elif op.code in (Code.MLOCK, Code.MADVISE):
        rest = op  # the pages that are there are passed by
    else:
        return calls_gup.resume(model, state, op, len(sleeper.taken))
    expected = CALLS[op.code](model, state, rest)
    if expected.kind is not Kind.VALUE:
        return expected
    return value(done + expected.ret, sleeper.data + (expected.data or b""))


def _grown(model: Model, state: State, op: abi.Op) -> int:
    """What is left of a mremap of locked memory: the pages that it grew by."""
    base = op.aux if op.flags & abi.Mremap.FIXED else op.addr
    first = model.arena.index(base)
    start, end = first + (op.n >> abi.PAGE_SHIFT), first + op.index
    populate.range_(model.rules, state, op.process, start, end, False)
    return base


def interrupt(rules: Rules, state: State, process: int) -> None:
    """A process dies: the call that it sleeps in ends first, with the pages that it has."""
    sleeper = state.calls.get(process)
    if sleeper is None or sleeper.expected is not None:
        return
    if rules.killed_keeps():
        _show_taken(state, sleeper)
    else:
        for page in sleeper.taken:
            state.put(page)
    dead = Expected(Kind.DEATH, signo=SIGKILL)
    over = dataclasses.replace(sleeper, page=None, taken=(), expected=dead, told=False)
    state.calls[process] = over


def collect(state: State, op: abi.Op) -> Expected:
    """wait(): what became of a call that was begun."""
    found = state.calls.get(op.process)
    if found is None or found.number != op.aux:
        return Expected(Kind.NO_PROCESS)
    state.calls[op.process] = dataclasses.replace(found, told=True)
    return found.expected or Expected(Kind.BLOCKED)


def has_memory(state: State, process: int) -> bool:
    """Does a call of another process sleep that holds on to this one's memory?"""
    return any(made.page is not None and made.page[0] == process for made in state.calls.values())


def sleeps(state: State, process: int) -> bool:
    """Is a process asleep in a call?"""
    found = state.calls.get(process)
    return found is not None and found.expected is None


# ---- userfaultfd ------------------------------------------------------------------


@call(Code.UFFD_REGISTER)
def _register(model: Model, state: State, op: abi.Op) -> Expected:
    """UFFDIO_REGISTER for missing pages, of a userfaultfd made with the first range."""
    state.uffds.add(op.process)
    if model.rules.uffd_range_bad(op.addr, op.n):
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
    if any(_cuts_huge(model, vma, start, end) for vma in found):
        return value(-EINVAL)
    for vma in found:
        if vma.flags & V_UFFD:
            continue
        low, high = max(vma.start, start), min(vma.end, end)
        flags = vma.flags | V_UFFD
        mapping.change(model.rules, state, op.process, vma, low, high, flags, vma.account)
    return value(0)


def _is_foreign(state: State, vma: Vma) -> bool:
    """Is it of a file that is neither shmem nor hugetlb's?"""
    if vma.file < 0:
        return False
    file = state.files[vma.file]
    return file.secret or file.disk is not None


def _cuts_huge(model: Model, vma: Vma, start: int, end: int) -> bool:
    """Does the range begin or end inside a huge page of that VMA?"""
    if not hugetlb.is_hugetlb(vma):
        return False
    edges = [edge for edge in (start, end) if vma.start < edge < vma.end]
    return any(model.rules.uffd_splits_badly(edge) for edge in edges)


@call(Code.UFFD_COPY, Code.UFFD_ZEROPAGE)
def _fill(model: Model, state: State, op: abi.Op) -> Expected:
    """UFFDIO_COPY or UFFDIO_ZEROPAGE of one page, which wakes who waited for it."""
    rules, target = model.rules, op.slot
    if target not in state.uffds:
        return value(-EBADF)
    if rules.uffd_range_bad(op.addr, abi.PAGE_SIZE):
        return value(-EINVAL)
    if not state.mms[target].alive and not rules.uffd_outlives():
        return value(-ESRCH)
    index = model.arena.index(op.addr)
    vma = vmas.find(state.mms[target].vmas, index)
    if vma is None or not rules.uffd_may_fill(vma):
        return value(-ENOENT)
    if not rules.uffd_fills_small(hugetlb.is_hugetlb(vma)):
        return value(-EINVAL)
    error = _install(model, state, op, vma, index)
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
        return -EFAULT
    fills_cache = rules.uffd_fills_cache(vma)
    mapped = index in state.mms[target].ptes or state.leaf(target, index) is not None
    there = mapped or (fills_cache and offset in state.files[vma.file].cache)
    if there and not rules.uffd_replaces():
        return -EEXIST
    if fills_cache:
        page = state.new_page(NEW_SHMEM, content, file=vma.file, index=offset)
        state.cache_add(vma.file, offset, page)
        state.page(page).ref += 1
        state.count(target, SHMEM, 1)
    elif op.code is Code.UFFD_ZEROPAGE:
        state.set_pte(target, index, rules.uffd_zero_pte(vma), ZERO_PAGE)
        return 0
    else:
        page = state.new_page(NEW_ANON, content)
        state.count(target, ANON, 1)
    state.page(page).map = 1
    state.set_pte(target, index, rules.uffd_copy_pte(vma), page)
    return 0
