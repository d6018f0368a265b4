"""Which memory type the frames of a device have: what x86 keeps of each mapping of them.

Source: 6.1 arch/x86/mm/pat/memtype.c, memtype_interval.c. Ranges are of page ids of the
device memory; memory and the ROM are always write-back.
"""

from __future__ import annotations

from .rules import Rules, is_cow
from .rules_frames import V_PAT
from .state import BAR_PAGE, FRAME_OFFSET, P_NC, P_SPECIAL, P_WC, State, Vma


def of(rules: Rules, state: State, page: int) -> int:
    """lookup_memtype(): as PteFlag.WC, NC or 0."""
    known = [kind for start, end, kind in state.memtypes if start <= page < end]
    return rules.type_known(page >= BAR_PAGE, known[0] if known else P_NC)


def reserve(rules: Rules, state: State, first: int, count: int, wanted: int) -> int | None:
    """reserve_pfn_range(): the type that a mapping of all these gets; None: others conflict."""
    if first < BAR_PAGE:
        return rules.type_known(False, wanted)
    end = first + count
    found = [kind for low, high, kind in state.memtypes if low < end and first < high]
    kind = rules.type_reserved(wanted, found)
    if kind is not None:
        state.memtypes = sorted([*state.memtypes, (first, end, kind)])
    return kind


def free(rules: Rules, state: State, first: int, count: int) -> None:
    """memtype_erase(): that very range, or the end of one."""
    end = first + count
    for low, high, kind in state.memtypes:
        if (low, high) == (first, end):
            state.memtypes.remove((low, high, kind))
            return
    for low, high, kind in state.memtypes:
        if low < first and high == end and rules.type_shrinks():
            state.memtypes.remove((low, high, kind))
            state.memtypes = sorted([*state.memtypes, (low, first, kind)])
            return


def context(state: State, first: int, count: int) -> int:
    """pfnmap_track_ctx_alloc(): what keeps the type of these frames, for a VMA to hold."""
    number = state.new_id()
    state.tracks[number] = first, count
    return number


def collect(rules: Rules, state: State) -> None:
    """pfnmap_track_ctx_release() of what no VMA holds any more."""
    if not state.tracks:
        return
    held = {vma.track for mm in state.mms.values() for vma in mm.vmas}
    for number in sorted(set(state.tracks) - held):
        first, count = state.tracks.pop(number)
        if first >= BAR_PAGE and rules.context_goes():
            free(rules, state, first, count)


def first_page(state: State, process: int, vma: Vma) -> int | None:
    """get_pat_info(): the frame that its first entry has; None: it is a copy now, or gone."""
    pte = state.mms[process].ptes.get(vma.start)
    return pte.page if pte is not None and pte.flags & P_SPECIAL else None


def fork(rules: Rules, state: State, parent: int, vma: Vma) -> bool:
    """track_pfn_copy(): the child's mapping is tracked as well; False: it cannot be."""
    page = first_page(state, parent, vma)
    if page is None:
        return not rules.fork_fails()
    kind = state.mms[parent].ptes[vma.start].flags & (P_WC | P_NC)
    reserve(rules, state, page, vma.end - vma.start, kind)
    return True


def untrack(rules: Rules, state: State, process: int, vma: Vma) -> None:
    """untrack_pfn(): a mapping of which something is unmapped is not tracked any more."""
    if not vma.flags & V_PAT or not rules.type_untracks():
        return
    page = first_page(state, process, vma)
    if page is None and is_cow(vma):
        page = vma.pgoff - FRAME_OFFSET
    if page is None:
        return
    if page >= BAR_PAGE:
        free(rules, state, page, vma.end - vma.start)
    state.change_vma(process, vma, vma._replace(flags=vma.flags & ~V_PAT))
