"""What generated programs do not do: the model says that it does not know it.

What would crash a kernel the module refuses, and the model says so; that is
wanted. Here is the rest: docs/model.md, "What the model does not know yet".
"""

from __future__ import annotations

from ..abi import GETS, Block, Code, Foll, Kind, Madv, Map, Mode, Op, Uffd
from ..model import Expected, Model, State
from ..model import vma as vmas
from ..model.calls import pages_of
from ..model.registry import V_HUGETLB, V_LOCKED, V_READ, V_WRITE
from ..model.state import P_HUGE, Vma

_BEGIN = int(Mode.BEGIN)
_NOWAIT = int(Foll.NOWAIT)
_WP = int(Uffd.WP)
_OF_WP = (Code.UFFD_REGISTER, Code.UFFD_COPY, Code.UFFD_WRITEPROTECT)
_POPULATE = int(Map.POPULATE)
_FAILS = int(Block.ERROR | Block.BAD)
_MARKING = (Code.SET_PAGE_DIRTY, Code.SET_PAGE_DIRTY_LOCK)
_POPULATES = (Madv.POPULATE_READ, Madv.POPULATE_WRITE)
# A process's own huge page of hugetlb that no copy can be made of is taken from its children.
_NO_HUGE_PAGE = "hugetlb.allocate=no"


class Avoid:
    """What one program has done so far that makes something else unwanted.

    Args:
        protects: a userfaultfd may write-protect, which not every kernel's can: where it could
            not, others would sleep.

    Attributes:
        protected: mprotect made memory writable that cannot be read.
        freed: MADV_FREE was used.
        around: read faults map what lies around.
        reclaimed: pages were to be reclaimed, and may be marked so.
        fails: some of a scripted file's blocks cannot be read.
    """

    __slots__ = ("around", "fails", "freed", "protected", "protects", "reclaimed")

    def __init__(self, protects: bool) -> None:
        self.protects = protects
        self.protected = self.freed = self.fails = False
        self.around = self.reclaimed = False

    def note(self, op: Op) -> None:
        """That operation is one of the program's."""
        if op.code is Code.MPROTECT and op.prot & (V_READ | V_WRITE) == V_WRITE:
            self.protected = True
        elif op.code is Code.MADVISE and op.flags == Madv.FREE:
            self.freed = True
        elif op.code is Code.GET_BLOCK and op.flags & _FAILS:
            self.fails = True
        elif op.code is Code.FAULT_AROUND:
            self.around = True
        if _reclaims(op):
            self.reclaimed = True

    def before(self, model: Model, state: State, op: Op) -> bool:
        """Is the operation one that is not to be made in this state?"""
        code = op.code
        if code is not Code.WAIT and unasked(state, op.process):
            return True
        if op.flags & _WP and code in _OF_WP and not self.protects:
            return True
        if (self.around and _reclaims(op)) or (self.reclaimed and code is Code.FAULT_AROUND):
            return True
        if code is Code.LOAD:
            return self.protected and any(map(_unreadable, _meant(model, state, op)))
        if code is Code.MADVISE and op.flags == Madv.PAGEOUT:
            return self.freed and _has_leaf(model, state, op)
        if code in _MARKING:
            pages = (state.pages.get(page or 0) for page in state.held.get(op.slot, ()))
            return any(page is not None and page.foreign for page in pages)
        if code is Code.UFFD_WRITEPROTECT and state.lives(op.slot):
            found = vmas.overlapping(state.mms[op.slot].vmas, *pages_of(model, op))
            return any(vma.flags & V_HUGETLB for vma in found)
        return self._reads_for_ever(model, state, op)

    def _reads_for_ever(self, model: Model, state: State, op: Op) -> bool:
        """May memory be populated with what cannot be read from a disk?"""
        if op.code is Code.GET_BLOCK and op.flags & _FAILS:
            file = state.slots[op.file]
            every = (vma for mm in state.mms.values() for vma in mm.vmas)
            return any(vma.file == file and vma.flags & V_LOCKED for vma in every)
        if not self.fails:
            return False
        if op.code in GETS and op.flags & _NOWAIT:
            return True  # how often what cannot be read is tried again is not known
        if op.code is Code.MMAP:
            return bool(op.flags & _POPULATE) and op.file >= 0 and _fails(state, op.file)
        if op.code is Code.MLOCK or (op.code is Code.MADVISE and op.flags in _POPULATES):
            files = {vma.file for vma in _meant(model, state, op)}
            return any(state.slots[slot] in files and _fails(state, slot) for slot in state.slots)
        return False

    def behind(self, state: State, expected: Expected, reached: set[str], op: Op) -> bool:
        """Is an operation with that outcome one that is not to be made?

        A call that falls asleep without having been begun cannot be asked for later.

        Nor is it known who of two that wait for the same page goes on first.

        Args:
            state: behind it.
            reached: branches of the model.
        """
        awaited = [call.page for call in state.calls.values() if call.page is not None]
        if _NO_HUGE_PAGE in reached or len(set(awaited)) < len(awaited):
            return True
        return expected.kind is Kind.BLOCKED and op.code is not Code.WAIT and not op.mode & _BEGIN


def unasked(state: State, process: int) -> bool:
    """Does a process sleep, or did since the program asked last?

    Whatever it is asked to do takes away the name by which its call is waited for.
    """
    call = state.calls.get(process)
    return call is not None and (call.expected is None or not call.told)


def _reclaims(op: Op) -> bool:
    """May dirty pages be marked to be reclaimed, which faults around pass by as readahead's?"""
    if op.code is Code.DROP_CACHES:
        return True
    return op.code is Code.MADVISE and op.flags in (Madv.PAGEOUT, Madv.COLD)


def _fails(state: State, slot: int) -> bool:
    """Are there blocks of a file that cannot be read?"""
    io = state.files[state.slots[slot]].io
    script = io.script if io is not None else None
    return script is not None and any(run.flags & _FAILS for run in script.runs)


def _meant(model: Model, state: State, op: Op) -> list[Vma]:
    """The mappings of the caller that an operation is about."""
    if op.process not in state.mms:
        return []
    start, end = pages_of(model, op)
    return vmas.overlapping(state.mms[op.process].vmas, start, end + 1)


def _unreadable(vma: Vma) -> bool:
    return vma.flags & (V_READ | V_WRITE) == V_WRITE


def _has_leaf(model: Model, state: State, op: Op) -> bool:
    """Does a huge page lie in a range?"""
    if op.process not in state.mms:
        return False
    _, end = pages_of(model, op)
    return any(pte.flags & P_HUGE and at < end for at, pte in state.mms[op.process].ptes.items())
