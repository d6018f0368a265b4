"""Addresses outside the arena that the kernel has pages at: vdso, vvar, the vsyscall page.

The agent keeps vdso and vvar at fixed places, and no program touches them but
by getting their pages. What those pages hold, and who else refers to them, is
the kernel's: the model knows how their counts change, not what they are.
Source: 6.1 mm/gup.c get_gate_page, mm/mmap.c special_mapping_fault,
arch/x86/entry/vdso/vma.c, arch/arm64/kernel/vdso.c.
"""

from __future__ import annotations

from ..abi import PAGE_SHIFT, PageFlag
from ..program import VDSO, VSYSCALL, VVAR
from .content import UNKNOWN
from .rules import Rules
from .state import ANON, FILE, G_ANON, NEW_ANON, State

_VVAR = VVAR >> PAGE_SHIFT
_FLAGS = int(PageFlag.RESERVED)


def _kernel_page(state: State, number: int) -> int:
    """The page that the kernel has at a page number of the address space."""
    page = state.kernel_pages.get(number)
    if page is None:
        # vvar's was allocated where it can be got
        page = state.new_page(0 if number == _VVAR else _FLAGS, UNKNOWN)
        frame = state.page(page)
        frame.ref = 0  # compared as the difference to when it was first seen
        frame.foreign = True
        state.kernel_pages[number] = page
    return page


def has_mapping(addr: int) -> bool:
    """Does a mapping of the kernel's cover that address, the first page of one?"""
    return addr >> PAGE_SHIFT in (VDSO >> PAGE_SHIFT, VVAR >> PAGE_SHIFT)


def is_gate(addr: int) -> bool:
    """Is it in the vsyscall page?"""
    return addr >> PAGE_SHIFT == VSYSCALL >> PAGE_SHIFT


def mapped(state: State, process: int, addr: int) -> int | None:
    """The page that a process has mapped there, for the lockless walk."""
    return state.mms[process].outside.get(addr >> PAGE_SHIFT)


def follow(
    rules: Rules,
    state: State,
    process: int,
    addr: int,
    *,
    write: bool,
    force: bool,
    pin: bool,
    remote: bool,
) -> int | None:
    """The page that get_user_pages takes there; None for -EFAULT.

    Args:
        pin: it is pinned, and so must be the process's own if it is anonymous.
        remote: the call is one that may be about another process (FOLL_REMOTE).
    """
    number = addr >> PAGE_SHIFT
    if number == VSYSCALL >> PAGE_SHIFT:
        return _kernel_page(state, number) if rules.takes_gate(write) else None
    if number == _VVAR:
        there = mapped(state, process, addr)
        if write or not rules.takes_vvar() or (there is None and rules.vvar_keeps_out(remote)):
            return None
        return _map(state, process, number, False) if there is None else there
    if number != VDSO >> PAGE_SHIFT or not rules.takes_vdso(write, force):
        return None
    page = state.mms[process].outside.get(number)
    owns = write or (page is not None and rules.must_unshare(pin, write, state.pages[page].flags))
    if page is None or (owns and not _keeps(rules, state, page)):
        page = _map(state, process, number, owns)
    return page


def _keeps(rules: Rules, state: State, number: int) -> bool:
    """May FORCE write to the page that is mapped? do_wp_page()."""
    page = state.pages[number]
    if not page.flags & G_ANON:
        return False
    if page.ref == 1:
        page = state.page(number)
        page.flags = rules.reused_flags(page.flags)
    return page.ref == 1 or rules.reuse_exclusive(page.flags)


def _map(state: State, process: int, number: int, write: bool) -> int:
    """A fault: the kernel's page, or a copy of it in place of what was there."""
    _unmap(state, process, number)
    if write:
        page = state.new_page(NEW_ANON, UNKNOWN)
    else:
        page = _kernel_page(state, number)
        state.page(page).ref += 1
    state.page(page).map += 1
    state.count(process, ANON if write else FILE, 1)
    state.mms[process].outside[number] = page
    return page


def _unmap(state: State, process: int, number: int) -> None:
    mm = state.mms[process]
    page = mm.outside.pop(number, None)
    if page is None:
        return
    anon = bool(state.pages[page].flags & G_ANON)
    state.count(process, ANON if anon else FILE, -1)
    state.page(page).map -= 1
    if anon:
        state.put(page)
    else:
        state.page(page).ref -= 1


def fork(rules: Rules, state: State, parent: int, child: int) -> None:
    """What is mapped outside is copied where there is an anonymous page among it; vvar always."""
    outside = dict(state.mms[parent].outside)
    if not any(state.pages[number].flags & G_ANON for number in outside.values()):
        outside = {place: number for place, number in outside.items() if place == _VVAR}
    for place, number in outside.items():
        page = state.page(number)
        if rules.fork_copies_page(state.mms[parent].has_pinned, page.flags, page.ref, None):
            copy = state.new_page(NEW_ANON, UNKNOWN)
            state.page(copy).map = 1
            state.mms[child].outside[place] = copy
            continue
        page.ref += 1
        page.map += 1
        page.flags = rules.fork_shared_flags(page.flags)
        state.mms[child].outside[place] = number
    state.mms[child].inherited = set(outside)


def leave(state: State, process: int) -> None:
    """A process ends: what it had mapped outside goes with it."""
    mm = state.mms[process]
    for number in sorted(mm.outside):
        anon = state.pages[mm.outside[number]].flags & G_ANON
        if number in mm.inherited:
            state.count(process, ANON if anon else FILE, 1)
        _unmap(state, process, number)
