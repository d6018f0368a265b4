"""Making pages present without taking them: get_user_pages with pages NULL.

MAP_POPULATE, mlock, mremap of locked memory and MADV_POPULATE_* all end here,
and /proc/PID/mem has each of its pages this way. Source: 6.1 mm/gup.c.
"""

from __future__ import annotations

from .. import abi
from ..abi import Code, Get
from .gup import FORCE, WRITE, Arena, Getter
from .rules import Rules
from .state import State, Vma
from .vma import overlapping

_NOWHERE = Arena(0, 0)  # pages are asked for by their number


def getter(
    rules: Rules, state: State, process: int, write: bool, force: bool, may_retry: bool
) -> Getter:
    """A call on a process's memory that keeps no pages.

    Args:
        may_retry: a fault may let the mmap lock go.
    """
    flags = (WRITE if write else 0) | (FORCE if force else 0)
    how = Get.NO_PAGES | (Get.LOCKED if may_retry else 0)
    op = abi.Op(Code.GET_USER_PAGES, process, flags=flags, aux=int(how))
    return Getter(rules, state, _NOWHERE, op)


def _all(call: Getter, start: int, end: int) -> bool:
    """Every page of a piece of one VMA, as far as they can be had."""
    done = all(call.page(index) is not None for index in range(start, end))
    call.state.drained()
    return done


def range_(rules: Rules, state: State, process: int, start: int, end: int, locking: bool) -> int:
    """__mm_populate(): of all VMAs between, as mlock or MAP_POPULATE has it; 0 or -errno."""
    for vma in overlapping(state.mms[process].vmas, start, end):
        if rules.populate_skips(vma):
            continue
        write, force = rules.populate_writes(vma), rules.populate_forces(vma)
        call = getter(rules, state, process, write, force, True)
        if not _all(call, max(vma.start, start), min(vma.end, end)):
            error = rules.populate_error(locking, call.error)
            if error:
                return error
    return 0


def protected(rules: Rules, state: State, process: int, start: int, end: int) -> None:
    """populate_vma_page_range() as mprotect calls it, which keeps the mmap lock."""
    for vma in overlapping(state.mms[process].vmas, start, end):
        call = getter(rules, state, process, True, True, rules.slow_may_retry())
        _all(call, max(vma.start, start), min(vma.end, end))


def advised(
    rules: Rules, state: State, process: int, vma: Vma, start: int, end: int, write: bool
) -> int:
    """MADV_POPULATE_READ and MADV_POPULATE_WRITE of a piece of one VMA; 0 or -errno."""
    call = getter(rules, state, process, write, False, True)
    if not call.may(vma):
        return rules.populate_denied()
    call.flags |= rules.populate_tells_poison()
    return 0 if _all(call, start, end) else rules.populate_failed(call.error)
