"""Page faults: handle_mm_fault() for anonymous memory and files.

Permissions are the caller's to check (the architecture for user accesses,
check_vma_flags for get_user_pages). Source: 6.1 mm/memory.c.
"""

from __future__ import annotations

from ..abi import PAGE_SHIFT, Fault
from . import around, contpte, device, guard, hugetlb, mpage, pagecache, swapping, thp
from .content import EMPTY
from .registry import V_UFFD_MISSING
from .rules import V_SHARED, V_WRITE, Reuse, Rules
from .state import (
    ANON,
    G_ANON,
    G_COMPOUND,
    NEW_ANON,
    P_DIRTY,
    P_SPECIAL,
    P_UFFD_WP,
    P_WRITE,
    P_YOUNG,
    ZERO_PAGE,
    State,
    Vma,
    rss_of,
)
from .vma import find, prepare_anon
from .waiting import Sleeps

PAGE = 1 << PAGE_SHIFT


def handle(
    rules: Rules,
    state: State,
    process: int,
    vma: Vma,
    index: int,
    write: bool,
    may_retry: bool = False,
) -> bool:
    """One fault at a page of the arena.

    Args:
        vma: covers index; permissions were checked.
        write: FAULT_FLAG_WRITE.
        may_retry: FAULT_FLAG_ALLOW_RETRY.

    Returns:
        False for VM_FAULT_SIGBUS; else the entry is there.

    Raises:
        Sleeps: until somebody fills the page in.
        device.Failed: another error, as of a device's ->fault.
    """
    if hugetlb.is_hugetlb(vma):
        if state.leaf(process, index) is None and rules.uffd_catches(vma):
            return _leave_to_uffd(rules, process, index, may_retry)
        return hugetlb.fault(rules, state, process, vma, index, write)
    if vma.flags & V_UFFD_MISSING and thp.wants_leaf(rules, state, process, vma, index):
        vma = prepare_anon(state, process, vma)
        if rules.uffd_catches(vma):
            return _leave_to_uffd(rules, process, index, may_retry)
    if write and _is_protected(rules, state, process, vma, index):
        return _leave_to_uffd(rules, process, index, may_retry)
    if thp.fault(rules, state, process, vma, index, write):
        return True
    pte = state.mms[process].ptes.get(index)
    if pte is None:
        return _missing(rules, state, process, vma, index, write, may_retry)
    if not write:
        state.set_pte(process, index, rules.loaded_pte(pte.flags), pte.page)
    elif pte.flags & P_WRITE:
        state.set_pte(process, index, rules.stored_pte(pte.flags), pte.page)
    else:
        _write_protected(rules, state, process, vma, index)
    return True


def _missing(
    rules: Rules, state: State, process: int, vma: Vma, index: int, write: bool, may_retry: bool
) -> bool:
    """A fault where nothing is mapped; the rest is as of ``handle``."""
    absent = state.mms[process].absent.get(index)
    if guard.is_guard(absent):
        raise device.Failed(rules.guard_fault())
    if swapping.is_swapped(absent):
        return _swapped(rules, state, process, vma, index, write, may_retry)
    marked = _heeds_marker(rules, state, process, vma, index)
    if write and not vma.flags & V_SHARED:
        vma = prepare_anon(state, process, vma)
    if vma.file >= 0 and not write and around.map_pages(rules, state, process, vma, index):
        return True
    if _is_uffds(rules, state, vma, index):
        return _leave_to_uffd(rules, process, index, may_retry)
    if vma.file >= 0:
        if _file(rules, state, process, vma, index, write, marked):
            return True
        _fail(rules, state, vma, index, may_retry)
        return False
    _anonymous(rules, state, process, vma, index, write)
    return True


def _fail(rules: Rules, state: State, vma: Vma, index: int, may_retry: bool) -> None:
    """A fault that came to nothing: a page that cannot be read was tried once more."""
    file, offset = state.files[vma.file], vma.pgoff + index - vma.start
    if rules.beyond_eof(offset, file.size):
        return
    page = file.cache.get(offset)
    unread = page is not None and rules.read_failed(state.pages[page].flags)
    if unread and rules.read_tries_again(may_retry):
        pagecache.get(rules, state, vma.file, offset)


def _swapped(
    rules: Rules, state: State, process: int, vma: Vma, index: int, write: bool, may_retry: bool
) -> bool:
    """The same where the page is in swap."""
    if swapping.fault(rules, state, process, vma, index, write):
        if _is_protected(rules, state, process, vma, index):
            return _leave_to_uffd(rules, process, index, may_retry)
        _write_protected(rules, state, process, vma, index)
    return True


def _is_uffds(rules: Rules, state: State, vma: Vma, index: int) -> bool:
    """userfaultfd_missing() or, of a page that the file has, userfaultfd_minor()."""
    if vma.file >= 0:
        file = state.files[vma.file]
        offset = vma.pgoff + index - vma.start
        if rules.beyond_eof(offset, file.size):
            return False
        if offset in file.cache or offset in file.swapped:
            return rules.uffd_catches_minor(vma)
    return rules.uffd_catches(vma)


def _is_protected(rules: Rules, state: State, process: int, vma: Vma, index: int) -> bool:
    """userfaultfd_pte_wp() of what is mapped there."""
    leaf = state.leaf(process, index)
    pte = leaf[1] if leaf is not None else state.mms[process].ptes.get(index)
    return pte is not None and bool(pte.flags & P_UFFD_WP) and rules.uffd_protects(pte.flags, vma)


def _heeds_marker(rules: Rules, state: State, process: int, vma: Vma, index: int) -> bool:
    """Is there a marker that counts? One that does not goes."""
    absent = state.mms[process].absent.get(index)
    if absent is None:
        return False
    if not rules.uffd_heeds_marker(vma):
        state.clear_absent(process, index)
        return False
    return True


def _leave_to_uffd(rules: Rules, process: int, index: int, may_retry: bool) -> bool:
    """handle_userfault(): sleep, or SIGBUS."""
    if rules.uffd_sleeps(may_retry):
        raise Sleeps(process, index)
    return False


def _anonymous(rules: Rules, state: State, process: int, vma: Vma, index: int, write: bool) -> None:
    """do_anonymous_page()."""
    if not write:
        if rules.anon_read_counts():
            state.count(process, ANON, 1)
        state.set_pte(process, index, rules.anon_read_pte(vma), ZERO_PAGE)
        return
    state.map_anon(process, index, rules.anon_write_pte(vma))


def _file(
    rules: Rules, state: State, process: int, vma: Vma, index: int, write: bool, marked: bool
) -> bool:
    """do_fault(): read, copy, or shared.

    Args:
        marked: what is mapped there is mapped protected.
    """
    file = state.files[vma.file]
    offset = vma.pgoff + index - vma.start
    if file.device is not None:
        return _device(rules, state, process, vma, index, write)
    if rules.beyond_eof(offset, file.size):
        return False
    cached = pagecache.get(rules, state, vma.file, offset)
    if rules.read_failed(state.pages[cached].flags):
        return False
    _finish(rules, state, process, vma, index, write, cached, marked)
    return True


def _device(rules: Rules, state: State, process: int, vma: Vma, index: int, write: bool) -> bool:
    """do_fault() with a device's ->fault."""
    try:
        page = device.fault(rules, state, process, vma, index)
    except device.Failed as failed:
        if failed.code is Fault.SIGBUS:
            return False
        raise
    if page is not None:
        _finish(rules, state, process, vma, index, write, page, False)
    return True


def _finish(
    rules: Rules,
    state: State,
    process: int,
    vma: Vma,
    index: int,
    write: bool,
    number: int,
    marked: bool,
) -> None:
    """finish_fault(): the page that ->fault gave, or a copy of it, is mapped.

    Args:
        marked: as of ``_file``.
    """
    if write and not vma.flags & V_SHARED:
        flags = rules.file_cow_pte(vma)
        flags = rules.uffd_marked_pte(flags) if marked else flags
        state.map_anon(process, index, flags, state.pages[number].content)
        return
    page = state.page(number)
    state.get(number)
    page.map += 1
    tracked = state.tracks_dirty(vma.file) or rules.uffd_tracks(vma)
    flags = rules.notified_pte(rules.file_read_pte(vma), vma, tracked)
    flags = rules.read_dirties_pte(flags, state.pages[state.head(number)].flags)
    if write:
        flags, dirty = rules.file_shared_pte(vma)
        state.page(state.head(number)).flags |= dirty
        _told(rules, state, vma, number)
    if marked:
        flags = rules.uffd_marked_pte(flags)
    state.count(process, rss_of(page.flags), 1)
    state.set_pte(process, index, flags, number)
    contpte.fold(rules, state, process, index, index + 1)


def _write_protected(rules: Rules, state: State, process: int, vma: Vma, index: int) -> None:
    """do_wp_page(): reuse or copy what is private, tell the file of what is shared.

    A shared writable mapping's PTE of shmem is writable as soon as it is
    present (vma_wants_writenotify is false), so it never gets here.
    """
    pte = state.mms[process].ptes[index]
    if vma.flags & (V_SHARED | V_WRITE) == V_SHARED | V_WRITE:
        flags, dirty = rules.mkwrite(pte.flags)
        state.set_pte(process, index, flags, pte.page)
        state.page(pte.page).flags |= dirty
        _told(rules, state, vma, pte.page)
        return
    page = state.pages[pte.page]
    if page.flags & G_ANON and _may_reuse(rules, state, process, pte.page):
        state.set_pte(process, index, rules.reuse_pte(pte.flags, vma), pte.page)
        return
    _copy(rules, state, process, vma, index, rules.copy_pte(vma))


def _told(rules: Rules, state: State, vma: Vma, number: int) -> None:
    """->page_mkwrite: the file system may give a page buffers, and a block."""
    if state.tracks_dirty(vma.file) and rules.mkwrite_buffers():
        index = state.pages[number].index
        mpage.add_block(rules, state, vma.file, index, rules.mkwrite_buffers())


def unshare(rules: Rules, state: State, process: int, vma: Vma, index: int) -> None:
    """A fault with FAULT_FLAG_UNSHARE: the page there becomes an exclusive one.

    Permissions and the need for it were checked. Source: do_wp_page, wp_page_copy.
    """
    flags, page = state.mms[process].ptes[index]
    if not state.pages[page].flags & G_ANON or not _may_reuse(rules, state, process, page):
        kept = rules.uffd_unshared_pte(flags)
        _copy(rules, state, process, vma, index, rules.unshared_pte(vma) | kept)


def _copy(rules: Rules, state: State, process: int, vma: Vma, index: int, flags: int) -> None:
    """wp_page_copy(): an anonymous copy in the page's place, with these PTE bits."""
    pte = state.mms[process].ptes[index]
    page = state.pages[pte.page]
    vma = prepare_anon(state, process, vma)
    # of the zero page no byte is read, also where a driver let somebody write there
    copy = state.new_page(NEW_ANON, EMPTY if pte.page == ZERO_PAGE else page.content)
    state.page(copy).map = 1
    zero = bool(pte.flags & P_SPECIAL)
    anon, file = rules.copy_rss(bool(page.flags & G_ANON), zero)
    state.count(process, ANON, anon)
    state.count(process, rss_of(page.flags), file)
    state.set_pte(process, index, flags, copy)
    if not zero and rules.copy_drops_old():
        state.page(pte.page).map -= 1
        if rules.swap_forgets_copied():
            swapping.unmapped(rules, state, pte.page)
        state.put(pte.page)


def _may_reuse(rules: Rules, state: State, process: int, number: int) -> bool:
    """May a write keep an anonymous page? The last reference makes it exclusive."""
    page = state.pages[number]
    if rules.reuse_exclusive(page.flags):
        return True
    if not swapping.may_reuse(rules, state, number):
        return False
    head = state.head(number)
    ref = state.pages[head].ref
    if state.pages[head].flags & G_COMPOUND:
        mapped, own = state.total_map(head), thp.is_own(state, process, head)
        decision = Reuse(rules.reuses_part(mapped, ref, own), True)
    else:
        decision = rules.reuse_shared(ref, state.batched.get(number, 0))
    if decision.reuse and not decision.sure:
        decision = decision._replace(reuse=state.choose("lru_batch", 2) == 0)
    if decision.reuse:
        page = state.page(number)
        page.flags = rules.reused_flags(page.flags)
    return decision.reuse


def user_access(
    rules: Rules, state: State, process: int, vma: Vma, index: int, write: bool
) -> bool:
    """A load or store of the process itself, permissions checked.

    Returns:
        False for SIGBUS.

    Raises:
        Sleeps, device.Failed: as ``handle``.
    """
    found = state.leaf(process, index)
    at, pte = found or (index, state.mms[process].ptes.get(index))
    if pte is not None and (not write or pte.flags & P_WRITE):
        flags = rules.stored_pte(pte.flags) if write else rules.loaded_pte(pte.flags)
        wanted = P_YOUNG | (P_DIRTY if write else 0)
        if flags != pte.flags or pte.flags & wanted != wanted:
            state.set_pte(process, at, flags, pte.page)
        return True
    if not handle(rules, state, process, vma, index, write, may_retry=True):
        if vma.file >= 0 and rules.user_reads_again():
            _fail(rules, state, vma, index, True)
        return False
    if write and _is_protected(rules, state, process, vma, index):
        # it was mapped protected: the access faults once more
        return handle(rules, state, process, vma, index, write, may_retry=True)
    if not write or state.device(vma.file) is None:
        return True
    # a device's handler may have found the entry filled in: the access is made again
    again = find(state.mms[process].vmas, index)
    done = state.mms[process].ptes[index].flags & P_DIRTY
    if done or again is None:
        return True
    return user_access(rules, state, process, again, index, write)
