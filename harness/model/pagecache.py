"""Page caches: filling, truncating, going away.

Source: 6.1 mm/shmem.c, mm/truncate.c, fs/ext2/inode.c ext2_setsize.
"""

from __future__ import annotations

from ..abi import PAGE_SHIFT
from . import mpage, swapping, zap
from .content import EMPTY
from .rules import V_SHARED, Rules
from .state import G_PRIVATE, G_UPTODATE, NEW_SECRET, NEW_SHMEM, Page, State

_PAGE = 1 << PAGE_SHIFT
END = 1 << 40  # behind any page of a file


def get(rules: Rules, state: State, file: int, index: int) -> int:
    """The page at index: made empty, or read, if it was not; up to date, if it can be read."""
    entry = state.files[file]
    page = swapping.cached(rules, state, file, index)
    if entry.io is not None and entry.io.script is not None:
        if page is None or not state.pages[page].flags & G_UPTODATE:
            page = mpage.read_folio(rules, state, file, index)
    elif page is None and entry.disk is None:
        page = state.cache_new(file, index, NEW_SECRET if entry.secret else NEW_SHMEM)
    elif page is None:
        page = _read(state, file, index, rules.read_flags())
    elif not state.pages[page].flags & G_UPTODATE:
        frame = state.page(page)
        frame.flags = rules.filled_flags(frame.flags)
    return page


def _read(state: State, file: int, index: int, flags: int) -> int:
    """A new page in the cache with what the disk has there; a hole is empty."""
    disk = state.files[file].disk
    assert disk is not None
    return state.cache_new(file, index, flags, disk.get(index, EMPTY))


def drop_buffers(rules: Rules, page: Page) -> None:
    """try_to_free_buffers(): a page loses its buffers, if it has some."""
    if page.flags & G_PRIVATE:
        page.flags = rules.removed_buffers(page.flags)
        page.ref -= 0 if page.flags & G_PRIVATE else 1


def remove(rules: Rules, state: State, file: int, index: int) -> None:
    """Take a page out of the cache for good (truncate_inode_folio, remove_mapping)."""
    page = state.cache_remove(file, index)
    frame = state.page(page)
    frame.flags = rules.removed_flags(frame.flags)
    frame.file = -1
    drop_buffers(rules, frame)
    state.put(page)


def truncate(rules: Rules, state: State, file: int, size: int) -> None:
    """ftruncate: set the size, unmap and drop what lies behind it (read ahead, if it grows)."""
    entry = state.files[file]
    old = entry.size
    if entry.disk is not None:
        if size == old:  # not even looked at (ext2_setattr)
            return
        if rules.truncate_looks(size > old):
            _truncate_block(rules, state, file, size)
    state.resize(file, size)
    if size > old and not rules.truncate_drops_grown(entry.disk is not None):
        return
    unmap(rules, state, file, rules.truncate_from(size), END, rules.truncate_spares_copies())
    for index in sorted(index for index in entry.cache if index << PAGE_SHIFT >= size):
        remove(rules, state, file, index)
    swapping.forget(rules, state, file, rules.truncate_from(size), END)
    partial = swapping.cached(rules, state, file, size >> PAGE_SHIFT)
    if partial is not None:
        page = state.page(partial)
        if entry.disk is None:
            page.flags = rules.truncate_partial(page.flags)
        page.content = page.content.clear_from(size % _PAGE)
    if entry.disk is not None:
        entry.disk = {at: block for at, block in entry.disk.items() if at << PAGE_SHIFT < size}
    if entry.io is not None:
        entry.io.shrink((size + _PAGE - 1) >> PAGE_SHIFT)


def _truncate_block(rules: Rules, state: State, file: int, size: int) -> None:
    """block_truncate_page(): the block that the new end lies in, shrinking or growing."""
    offset, index = size % _PAGE, size >> PAGE_SHIFT
    if not offset:
        return
    entry = state.files[file]
    number = entry.cache.get(index)
    if number is None:
        number = _read(state, file, index, rules.truncate_page_flags())
    page = state.page(number)
    mpage.add_buffers(page, rules.truncate_buffers())
    page.flags |= rules.truncate_dirties(index in (entry.disk or ()))
    page.content = page.content.clear_from(offset)


def punch(rules: Rules, state: State, file: int, start: int, end: int) -> None:
    """fallocate(PUNCH_HOLE) of the bytes from start to end: unmap, drop, zero the rest."""
    entry = state.files[file]
    first, last = rules.punched(start, end)
    unmapped = rules.punch_unmaps(first, last)
    if first < unmapped:
        unmap(rules, state, file, first, unmapped, rules.punch_spares_copies())
    for index in sorted(index for index in entry.cache if first <= index < last):
        remove(rules, state, file, index)
    swapping.forget(rules, state, file, first, last)
    for index in sorted({start >> PAGE_SHIFT, (end - 1) >> PAGE_SHIFT}):
        number = swapping.cached(rules, state, file, index)
        if number is not None:
            page = state.page(number)
            page.flags = rules.truncate_partial(page.flags)
            low = max(start - index * _PAGE, 0)
            high = min(end - index * _PAGE, _PAGE)
            page.content = page.content.write(low, bytes(high - low))


def unmap(rules: Rules, state: State, file: int, first: int, last: int, spare: bool) -> None:
    """unmap_mapping_range() of the pages from first up to last, in every process.

    Args:
        spare: leave private copies where they are (even_cows = 0).
    """
    for process, mm in state.mms.items():
        for vma in mm.vmas:
            if vma.file != file or not rules.hole_reaches(bool(vma.flags & V_SHARED)):
                continue
            start = max(vma.start, vma.start + first - vma.pgoff)
            stop = min(vma.end, vma.start + last - vma.pgoff)
            if start < stop:
                zap.range_(rules, state, process, start, stop, spare_copies=spare)


def drop_unmapped(rules: Rules, state: State) -> None:
    """Evict hidden files that no VMA maps any more (shmem_evict_inode)."""
    hidden = [number for number, file in state.files.items() if file.slot < 0]
    for number in hidden:
        mapped = any(vma.file == number for mm in state.mms.values() for vma in mm.vmas)
        if rules.evicts(mapped):
            for index in sorted(state.files[number].cache):
                remove(rules, state, number, index)
            swapping.forget(rules, state, number, 0, END)
            del state.files[number]
