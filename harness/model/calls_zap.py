"""Calls that take pages out of page tables, from the module and with execve; what is left.

Source: 6.1 mm/memory.c zap_page_range, unmap_mapping_range, fs/exec.c.
"""

from __future__ import annotations

from .. import abi
from ..abi import Code, Refused
from . import hugetlb, pagecache, process, zap
from . import vma as vmas
from .calls import Expected, Model, call, pages_of, refusal, value
from .state import ANON, FILE, SHMEM, State, Vma


def _cuts_huge(model: Model, vma: Vma, start: int, end: int) -> bool:
    """Does the range, cut to what lies in the VMA, cut a huge page of hugetlb?"""
    start, end = max(start, vma.start), min(end, vma.end)
    return hugetlb.is_hugetlb(vma) and start < end and model.rules.zap_cuts_huge(start, end)


@call(Code.ZAP_PAGE_RANGE, Code.ZAP_PAGE_RANGE_SINGLE)
def _zap(model: Model, state: State, op: abi.Op) -> Expected:
    rules, mm = model.rules, state.mms[op.process]
    named = vmas.find(mm.vmas, model.arena.index(op.aux))
    single = op.code is Code.ZAP_PAGE_RANGE_SINGLE
    if rules.lacks_zap(single):
        return refusal(Refused.ABSENT)
    if named is None:
        return refusal(Refused.NO_VMA) if rules.zap_wants_vma() else value(0)
    if rules.zap_unaligned(op.addr, op.addr + op.n):
        return refusal(Refused.UNALIGNED)
    start, end = pages_of(model, op)
    if single and rules.zap_wants_inside(named, start, end):
        return refusal(Refused.OUTSIDE)
    found = [vma for vma in mm.vmas if vma.start >= named.start and vma.start < end]
    if single or not rules.zap_goes_on():
        found = [named]
        end = rules.zap_single_ends(named, end) if single else min(end, named.end)
    if any(_cuts_huge(model, vma, start, end) for vma in found):
        return refusal(Refused.UNALIGNED)
    start = rules.zap_begins(named, start)
    zap.own(rules, state, op.process, start, end, spare_copies=rules.zap_spares_copies())
    return value(0)


@call(Code.UNMAP_MAPPING_RANGE)
def _unmap(model: Model, state: State, op: abi.Op) -> Expected:
    rules = model.rules
    first = rules.hole_begins(op.aux)
    last = rules.hole_ends(first, rules.hole_pages(op.n))
    spare = rules.hole_spares_copies(bool(op.flags & abi.Unmap.EVEN_COWS))
    pagecache.unmap(rules, state, state.slots[op.index], first, last, spare)
    return value(0)


@call(Code.EXECVE)
def _execve(model: Model, state: State, op: abi.Op) -> Expected:
    """The process is the new image's from then on, and the program's no more."""
    if not model.rules.execve_keeps():
        process.exit_(model.rules, state, op.process)
    return value(0)


@call(Code.STATM)
def _statm(model: Model, state: State, op: abi.Op) -> Expected:
    """/proc/self/statm's second number, of the arena alone."""
    rules, mm = model.rules, state.mms[op.process]
    pages = rules.resident(mm.rss[ANON], mm.rss[FILE], mm.rss[SHMEM])
    least, most = pages - rules.untold(mm.gained), pages + rules.untold(mm.lost)
    above = state.choose("split_rss", most - least + 1) if least < most else 0
    return value(least + above)
