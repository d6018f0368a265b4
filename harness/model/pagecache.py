"""Page caches of shmem and secret files: filling, truncating, going away.

Source: 6.1 mm/shmem.c, mm/truncate.c.
"""

from __future__ import annotations

from ..abi import PAGE_SHIFT
from . import zap
from .rules import Rules
from .state import NEW_SECRET, NEW_SHMEM, State

_PAGE = 1 << PAGE_SHIFT


def get(state: State, file: int, index: int) -> int:
    """The page at index, made empty and up to date if there is none."""
    page = state.files[file].cache.get(index)
    if page is None:
        flags = NEW_SECRET if state.files[file].secret else NEW_SHMEM
        page = state.new_page(flags, file=file, index=index)
        state.cache_add(file, index, page)
    return page


def _remove(rules: Rules, state: State, file: int, index: int) -> None:
    """Take a page out of the cache for good (truncate_inode_folio)."""
    page = state.cache_remove(file, index)
    frame = state.page(page)
    frame.flags = rules.removed_flags(frame.flags)
    frame.file = -1
    state.put(page)


def truncate(rules: Rules, state: State, file: int, size: int) -> None:
    """ftruncate: set the size, unmap and drop what lies behind it."""
    entry = state.files[file]
    old = entry.size
    entry.size = size
    if entry.slot >= 0:
        state.touched.add(("f", entry.slot))
    if size > old:
        return
    unmap(rules, state, file, rules.truncate_from(size))
    for index in sorted(index for index in entry.cache if index << PAGE_SHIFT >= size):
        _remove(rules, state, file, index)
    partial = entry.cache.get(size >> PAGE_SHIFT)
    if partial is not None:
        page = state.page(partial)
        page.flags = rules.truncate_partial(page.flags)
        page.content = page.content.clear_from(size % _PAGE)


def unmap(rules: Rules, state: State, file: int, first: int) -> None:
    """unmap_mapping_range(first page .. end of file, even_cows=1) in every process."""
    for process, mm in state.mms.items():
        for vma in mm.vmas:
            if vma.file == file:
                start = max(vma.start, vma.start + first - vma.pgoff)
                spare = rules.truncate_spares_copies()
                zap.range_(rules, state, process, start, vma.end, spare_copies=spare)


def drop_unmapped(rules: Rules, state: State) -> None:
    """Evict hidden files that no VMA maps any more (shmem_evict_inode)."""
    hidden = [number for number, file in state.files.items() if file.slot < 0]
    for number in hidden:
        mapped = any(vma.file == number for mm in state.mms.values() for vma in mm.vmas)
        if rules.evicts(mapped):
            for index in sorted(state.files[number].cache):
                _remove(rules, state, number, index)
            del state.files[number]
