"""What becomes of swapped pages: faults, forks, entries that go, the end of swapping.

Source: 6.1 mm/memory.c do_swap_page, mm/swapfile.c, mm/swap_state.c.
"""

from __future__ import annotations

from .rules import Rules
from .state import (
    ANON,
    G_ANON,
    G_EXCLUSIVE,
    G_MAPPING,
    G_SWAPBACKED,
    G_SWAPCACHE,
    G_UPTODATE,
    NEW_SHMEM,
    P_SWAP,
    SWAP,
    Absent,
    State,
    Vma,
)
from .vma import find

_READ = G_UPTODATE | G_SWAPBACKED


def is_swapped(absent: Absent | None) -> bool:
    """Is it a swap entry, and no marker?"""
    return absent is not None and bool(absent.flags & P_SWAP)


def free(rules: Rules, state: State, page: int) -> bool:
    """folio_free_swap(): a page leaves the swap cache if no entry refers to its slot."""
    frame = state.pages[page]
    if not frame.flags & G_SWAPCACHE or not rules.swap_frees(state.swap[frame.slot].entries):
        return False
    slot = frame.slot
    frame = state.page(page)
    frame.flags = rules.swap_freed_flags(frame.flags)
    state.slot_uncache(slot)
    return True


def unmapped(rules: Rules, state: State, page: int) -> None:
    """free_swap_cache(): a mapping of a page is gone, whose reference is still there."""
    frame = state.pages[page]
    if frame.flags & G_SWAPCACHE and not frame.map and rules.swap_forgets_unmapped():
        free(rules, state, page)


def drop(rules: Rules, state: State, slot: int) -> None:
    """free_swap_and_cache(): an entry that referred to a slot is gone."""
    state.slot_use(slot, -1)
    entry = state.swap.get(slot)
    if entry is not None and entry.page and not state.pages[entry.page].map:
        free(rules, state, entry.page)


def zap(rules: Rules, state: State, process: int, index: int) -> None:
    """zap_pte_range(), of a swap entry."""
    slot = state.mms[process].absent[index].slot
    state.clear_absent(process, index)
    state.count(process, SWAP, -rules.swap_zap_counts())
    drop(rules, state, slot)


def _map(state: State, process: int, index: int, page: int, pte: int, exclusive: bool) -> None:
    """page_add_anon_rmap(), and the entry; the page's reference is the caller's."""
    frame = state.page(page)
    frame.map += 1
    frame.flags |= G_ANON | G_MAPPING | (G_EXCLUSIVE if exclusive else 0)
    state.count(process, SWAP, -1)
    state.count(process, ANON, 1)
    state.set_pte(process, index, pte, page)


def _is_alone(rules: Rules, state: State, ref: int, batched: bool, write: bool, last: bool) -> bool:
    """Does nobody else refer to a page that is mapped again? A batch may, where none is emptied."""
    alone = rules.swap_unshared(ref, batched, last)
    if alone and not write and not rules.sem.drained_each:
        return state.choose("lru_batch", 2) == 0
    return alone


def fault(rules: Rules, state: State, process: int, vma: Vma, index: int, write: bool) -> bool:
    """do_swap_page(): the page is mapped again.

    Returns:
        Whether a write has still to break copy-on-write.
    """
    absent = state.mms[process].absent[index]
    # a page that was just read is in an LRU batch, which only a write empties
    batched = not write and not state.swap[absent.slot].page
    page = state.slot_read(absent.slot, _READ)
    frame = state.page(page)
    frame.ref += 1
    exclusive = rules.swap_exclusive(absent.flags)
    last = frame.map + state.swap[absent.slot].entries == 1
    state.slot_use(absent.slot, -1)
    cached = bool(frame.flags & G_SWAPCACHE)
    if cached and rules.swap_leaves_cache(vma.flags, write, frame.ref, last, exclusive):
        free(rules, state, page)
    exclusive = exclusive or _is_alone(rules, state, frame.ref, batched, write, last)
    alone = rules.swapped_alone(vma, exclusive, rules.uffd_protects(absent.flags, vma))
    pte = rules.swapped_pte(vma, write, alone)
    _map(state, process, index, page, rules.swap_kept_pte(pte, absent.flags), exclusive)
    return write and not alone


def fork(rules: Rules, state: State, parent: int, child: int, vma: Vma) -> None:
    """copy_nonpresent_pte() of one VMA's swap entries."""
    entries = state.mms[parent].absent
    for index in sorted(number for number in entries if vma.start <= number < vma.end):
        flags, slot = entries[index]
        if not flags & P_SWAP:
            continue
        flags = rules.fork_shared_entry(flags)
        state.set_absent(parent, index, flags, slot)
        state.set_absent(child, index, rules.uffd_forked_pte(flags), slot)
        state.slot_use(slot, 1)
        state.count(child, SWAP, 1)


def cached(rules: Rules, state: State, file: int, index: int) -> int | None:
    """The page that a shmem file has there, read from swap if that is where it is."""
    entry = state.files[file]
    slot = entry.swapped.pop(index, 0)
    if slot:
        flags = rules.swap_file_flags(NEW_SHMEM)
        state.cache_new(file, index, flags, state.swap[slot].content)
        state.slot_use(slot, -1)
    return entry.cache.get(index)


def forget(rules: Rules, state: State, file: int, first: int, last: int) -> None:
    """shmem_free_swap(): what a file had in swap, of the pages from first up to last."""
    entry = state.files[file]
    for index in sorted(number for number in entry.swapped if first <= number < last):
        slot = entry.swapped.pop(index)
        if entry.slot >= 0:
            state.touched.add(("c", entry.slot, index))
        drop(rules, state, slot)


def end(rules: Rules, state: State) -> None:
    """swapoff(): everything comes back, nothing stays in the swap cache."""
    for process, mm in state.mms.items():
        for index in sorted(number for number in mm.absent if mm.absent[number].flags & P_SWAP):
            flags, slot = mm.absent[index]
            vma = find(mm.vmas, index)
            assert vma is not None
            page = state.slot_read(slot, _READ)
            state.page(page).ref += 1
            state.slot_use(slot, -1)
            pte = rules.unswapped_pte(vma)
            if rules.unswapped_protected():
                pte = rules.swap_kept_pte(pte, flags)
            _map(state, process, index, page, pte, rules.swap_exclusive(flags))
            free(rules, state, page)
    for file, entry in state.files.items():
        for index in sorted(entry.swapped):
            cached(rules, state, file, index)
    for slot in sorted(state.swap):
        free(rules, state, state.swap[slot].page)


def may_reuse(rules: Rules, state: State, page: int) -> bool:
    """do_wp_page(): may a page in the swap cache be written in place, as far as that goes?"""
    frame = state.pages[page]
    if not frame.flags & G_SWAPCACHE:
        return True
    return rules.swap_cache_alone(frame.ref) and free(rules, state, page)
