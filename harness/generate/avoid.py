"""What generated programs do not do: the model says that it does not know it.

What would crash a kernel the module refuses, and the model says so; that is
wanted. Here is the rest: docs/model.md, "What the model does not know yet".
"""

from __future__ import annotations

from ..abi import Code, Kind, Madv, Mode, Op
from ..model import Expected, Model, State
from ..model import vma as vmas
from ..model.calls import pages_of
from ..model.calls_blocking import sleeps
from ..model.registry import V_HUGETLB, V_READ, V_WRITE
from ..model.state import P_HUGE

_BEGIN = int(Mode.BEGIN)


class Avoid:
    """What one program has done so far that makes something else unwanted.

    Attributes:
        protected: mprotect made memory writable that cannot be read.
        freed: MADV_FREE was used.
    """

    __slots__ = ("freed", "protected")

    def __init__(self) -> None:
        self.protected = False
        self.freed = False

    def note(self, op: Op) -> None:
        """That operation is one of the program's."""
        if op.code is Code.MPROTECT and op.prot & (V_READ | V_WRITE) == V_WRITE:
            self.protected = True
        elif op.code is Code.MADVISE and op.flags == Madv.FREE:
            self.freed = True

    def before(self, model: Model, state: State, op: Op) -> bool:
        """Is the operation one that is not to be made in this state?"""
        if op.code is Code.LOAD:
            return self.protected and _reads_unreadable(model, state, op)
        if op.code is Code.MADVISE:
            return self.freed and op.flags == Madv.PAGEOUT and _has_leaf(model, state, op)
        if op.code is Code.UFFD_WRITEPROTECT and state.lives(op.slot):
            found = vmas.overlapping(state.mms[op.slot].vmas, *pages_of(model, op))
            return any(vma.flags & V_HUGETLB for vma in found)
        return False

    def behind(self, state: State, expected: Expected, op: Op) -> bool:
        """Is an operation with that outcome, in this state, one that is not to be made?

        A call that falls asleep without having been begun cannot be asked for later.
        """
        if expected.kind is not Kind.BLOCKED or op.code is Code.WAIT or op.mode & _BEGIN:
            return False
        return not sleeps(state, op.process)


def _reads_unreadable(model: Model, state: State, op: Op) -> bool:
    """Is there memory in a load's way that is only writable?"""
    if op.process not in state.mms:
        return False
    start, end = pages_of(model, op)
    found = vmas.overlapping(state.mms[op.process].vmas, start, end + 1)
    return any(vma.flags & (V_READ | V_WRITE) == V_WRITE for vma in found)


def _has_leaf(model: Model, state: State, op: Op) -> bool:
    """Does a huge page lie in a range?"""
    if op.process not in state.mms:
        return False
    _, end = pages_of(model, op)
    return any(pte.flags & P_HUGE and at < end for at, pte in state.mms[op.process].ptes.items())
