"""Memory of hugetlb: private anonymous huge pages out of a pool.

A mapping reserves its pages when it is made; whoever else needs one (a copy,
a child) has to find it in what the pool has left. Source: 6.1 mm/hugetlb.c.
"""

from __future__ import annotations

from ..abi import HUGE_PAGES, PageFlag, VmaFlag
from .rules import Rules
from .state import G_EXCLUSIVE, P_DIRTY, P_WRITE, P_YOUNG, Pte, State, Vma
from .vma import prepare_anon

V_HUGETLB = int(VmaFlag.HUGETLB)
_NEW = int(PageFlag.UPTODATE | PageFlag.ANON | PageFlag.EXCLUSIVE | PageFlag.MAPPING)


def is_hugetlb(vma: Vma) -> bool:
    """is_vm_hugetlb_page()."""
    return bool(vma.flags & V_HUGETLB)


def _left(rules: Rules, state: State) -> int:
    """Pages of the pool that nobody has and nobody was promised (available_huge_pages)."""
    used = sum(page.hugetlb for page in state.pages.values())
    return rules.sem.huge_pool - used - len(state.reserved)


def reserve(rules: Rules, state: State, process: int, start: int, end: int) -> bool:
    """hugetlb_reserve_pages() for a private mapping; False if the pool has not that many."""
    wanted = range(start, end, HUGE_PAGES)
    if not rules.huge_reserves(len(wanted), _left(rules, state)):
        return False
    state.reserved.update((process, first) for first in wanted)
    return True


def release(state: State, process: int, start: int, end: int) -> None:
    """hugetlb_vm_op_close(): what a mapping was promised and did not take goes back."""
    state.reserved -= {(process, first) for first in range(start, end, HUGE_PAGES)}


def move(state: State, process: int, start: int, end: int, to: int) -> None:
    """mremap takes along what a mapping was promised (clear_vma_resv_huge_pages)."""
    kept = {(process, first) for first in range(start, end, HUGE_PAGES)} & state.reserved
    state.reserved -= kept
    state.reserved |= {(process, first - start + to) for _, first in kept}


def _allocate(rules: Rules, state: State, content_of: int = 0) -> int:
    """A page out of the pool: empty, or a copy of another."""
    last = state.recycled.pop() if state.recycled else 0
    head = state.new_huge(_NEW | rules.huge_recycled_flags(last))
    page = state.page(head)
    page.hugetlb = True
    page.entire = 1
    if content_of:
        copy(state, content_of, head)
    return head


def copy(state: State, old: int, new: int) -> None:
    """copy_user_huge_page()."""
    for offset in range(HUGE_PAGES):
        page = state.pages.get(old + offset)
        if page is not None and page.content.words:
            state.page(state.subpage(new, offset)).content = page.content


def fault(rules: Rules, state: State, process: int, vma: Vma, index: int, write: bool) -> bool:
    """hugetlb_fault(); False for SIGBUS."""
    found = state.leaf(process, index)
    if found is None:
        return _no_page(rules, state, process, vma, index & -HUGE_PAGES, write)
    first, pte = found
    if write and not pte.flags & P_WRITE:
        return _write_protected(rules, state, process, vma, first, pte)
    flags = pte.flags | P_YOUNG | (P_DIRTY if write else 0)
    state.set_pte(process, first, flags, pte.page)
    return True


def _no_page(rules: Rules, state: State, process: int, vma: Vma, first: int, write: bool) -> bool:
    """hugetlb_no_page(), of a private mapping."""
    promised = (process, first) in state.reserved
    if not rules.huge_available(promised, _left(rules, state)):
        return False
    state.reserved.discard((process, first))
    vma = prepare_anon(state, process, vma)
    head = _allocate(rules, state)
    flags = rules.huge_new_pte(vma)
    state.set_pte(process, first, flags, head)
    if write:
        return _write_protected(rules, state, process, vma, first, Pte(flags, head))
    return True


def _write_protected(
    rules: Rules,
    state: State,
    process: int,
    vma: Vma,
    first: int,
    pte: Pte,
    unshares: bool = False,
) -> bool:
    """hugetlb_wp(): reuse or copy; False for SIGBUS.

    Args:
        unshares: FAULT_FLAG_UNSHARE: the page becomes exclusive, and is not written.
    """
    old = state.page(pte.page)
    copied = not rules.huge_reuses(old.entire)
    if unshares:
        flags = rules.huge_unshared_pte(pte.flags)
    else:
        flags = rules.huge_written_pte(pte.flags, vma, copied)
    if not copied:
        old.flags |= G_EXCLUSIVE
        if not unshares:
            state.set_pte(process, first, flags, pte.page)
        return True
    if not rules.huge_available(False, _left(rules, state)):
        return False
    prepare_anon(state, process, vma)
    state.set_pte(process, first, flags, _allocate(rules, state, pte.page))
    state.unmap_leaf(pte.page)
    return True


def unshare(rules: Rules, state: State, process: int, vma: Vma, index: int) -> bool:
    """A fault with FAULT_FLAG_UNSHARE; False for SIGBUS."""
    found = state.leaf(process, index)
    assert found is not None
    return _write_protected(rules, state, process, vma, *found, unshares=True)


def zap(rules: Rules, state: State, process: int, first: int, pte: Pte) -> None:
    """__unmap_hugepage_range(), of one page."""
    state.clear_pte(process, first)
    page = state.page(pte.page)
    page.flags = rules.huge_zapped_flags(pte.flags, page.flags)
    state.unmap_leaf(pte.page)


def fork(rules: Rules, state: State, parent: int, child: int, vma: Vma) -> bool:
    """copy_hugetlb_page_range(); False where the pool has no page for a copy."""
    ptes = state.mms[parent].ptes
    for first in sorted(number for number in ptes if vma.start <= number < vma.end):
        pte = ptes[first]
        page = state.page(pte.page)
        if rules.huge_fork_copies(state.mms[parent].has_pinned, page.pins, page.flags):
            if not rules.huge_fork_finds(_left(rules, state)):
                return False
            flags = rules.huge_copied_pte(vma)
            state.set_pte(child, first, flags, _allocate(rules, state, pte.page))
            continue
        state.get(pte.page)
        page.entire += 1
        page.flags = rules.fork_shared_flags(page.flags)
        flags = rules.fork_parent_pte(pte.flags)
        state.set_pte(parent, first, flags, pte.page)
        state.set_pte(child, first, rules.huge_child_pte(flags), pte.page)
    return True


def splits_badly(rules: Rules, vma: Vma, start: int, end: int) -> bool:
    """Would a range cut a mapping of huge pages inside one (hugetlb_vm_op_split)?"""
    if not is_hugetlb(vma):
        return False
    cuts = [edge for edge in (start, end) if vma.start < edge < vma.end]
    return any(rules.huge_split_refused(edge) for edge in cuts)
