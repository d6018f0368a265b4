"""VMAs: finding, splitting, merging, and where anon_vmas come from.

Joined neighbours look the same in a snapshot; what splitting and merging
decide is which pages fork copies, because a merged VMA has the anon_vma of
either half. Sources: 6.1 mm/mmap.c, mm/rmap.c.
"""

from __future__ import annotations

from ..abi import VmaFlag
from .registry import V_MAYBE_GUARD
from .rules import V_ACCESS, Rules
from .state import State, Vma

_PAT = int(VmaFlag.PAT)
_MERGE_FLAGS = int(
    VmaFlag.READ
    | VmaFlag.WRITE
    | VmaFlag.EXEC
    | VmaFlag.SHARED
    | VmaFlag.MAYREAD
    | VmaFlag.UFFD_MISSING
    | VmaFlag.UFFD_WP
    | VmaFlag.UFFD_MINOR
    | VmaFlag.MAYWRITE
    | VmaFlag.MAYEXEC
    | VmaFlag.MAYSHARE
    | VmaFlag.GROWSDOWN
    | VmaFlag.LOCKED
    | VmaFlag.HUGEPAGE
    | VmaFlag.NOHUGEPAGE
)


def find(vmas: list[Vma], index: int) -> Vma | None:
    """The VMA that covers a page of the arena (vma_lookup)."""
    for vma in vmas:
        if vma.start <= index < vma.end:
            return vma
    return None


def overlapping(vmas: list[Vma], start: int, end: int) -> list[Vma]:
    """VMAs that share a page with [start, end), ascending; none where that is empty."""
    if start >= end:
        return []
    return [vma for vma in vmas if vma.start < end and start < vma.end]


def extent(vmas: list[Vma], index: int) -> int:
    """Pages from index to the end of the run of neighbouring VMAs; 0 in a hole."""
    vma = find(vmas, index)
    if vma is None:
        return 0
    end = vma.end
    for other in vmas:
        if other.start == end:
            end = other.end
    return end - index


def part(vma: Vma, start: int, end: int) -> Vma:
    """A piece of a VMA, with the offset that belongs to it (split_vma)."""
    return vma._replace(start=start, end=end, pgoff=vma.pgoff + start - vma.start)


def cut(vmas: list[Vma], start: int, end: int) -> list[Vma]:
    """The list without [start, end)."""
    kept = []
    for vma in vmas:
        if vma.end <= start or vma.start >= end:
            kept.append(vma)
            continue
        if vma.start < start:
            kept.append(part(vma, vma.start, start))
        if vma.end > end:
            kept.append(part(vma, end, vma.end))
    return kept


def split(state: State, process: int, start: int, end: int) -> None:
    """Mappings that are tracked as wholes end where something is to be unmapped (split_vma)."""
    vmas = state.mms[process].vmas
    if not any(vma.flags & _PAT for vma in overlapping(vmas, start, end)):
        return
    pieces = [
        part(vma, max(vma.start, start), min(vma.end, end)) for vma in overlapping(vmas, start, end)
    ]
    state.set_vmas(process, sorted([*cut(vmas, start, end), *pieces]))


def _alike(one: Vma, other: Vma, mask: int) -> bool:
    """Same file, continuing offset, same flags under mask; one lies below other."""
    return (
        one.end == other.start
        and one.file == other.file
        and one.account == other.account
        and not (one.flags ^ other.flags) & mask
        and one.pgoff + one.end - one.start == other.pgoff
    )


def insert(rules: Rules, vmas: list[Vma], new: Vma) -> list[Vma]:
    """The list with a VMA added, merged with its neighbours where the kernel would.

    Source: 6.1 mm/mmap.c vma_merge, mmap_region.
    """
    below = next((vma for vma in vmas if vma.end == new.start), None)
    above = next((vma for vma in vmas if vma.start == new.end), None)
    rest = [vma for vma in vmas if vma is not below and vma is not above]
    with_below = (
        below is not None
        and not new.apart
        and _alike(below, new, _MERGE_FLAGS)
        and rules.anon_vmas_merge(new.anon_vma, below.anon_vma, below.singular)
    )
    with_above = (
        above is not None
        and not new.apart
        and _alike(new, above, _MERGE_FLAGS)
        and rules.anon_vmas_merge(new.anon_vma, above.anon_vma, above.singular)
    )
    if with_below and with_above:
        assert below is not None
        assert above is not None
        # cases 1 and 6 merge all three only if the outer two agree as well
        one, other = below.anon_vma, above.anon_vma
        with_above = not one or not other or one == other
    merged = new
    if with_below:
        assert below is not None
        merged = _joined(below, merged)
    elif below is not None:
        rest.append(below)
    if with_above:
        assert above is not None
        merged = _joined(merged, above)
    elif above is not None:
        rest.append(above)
    return sorted([*rest, merged])


def _joined(low: Vma, high: Vma) -> Vma:
    """Two neighbours as one; it has the anon_vma, and had the guards, that either of them has."""
    source = low if low.anon_vma else high
    flags = low.flags | high.flags & V_MAYBE_GUARD
    joined = low._replace(end=high.end, flags=flags)
    return joined._replace(anon_vma=source.anon_vma, singular=source.singular)


def prepare_anon(state: State, process: int, vma: Vma) -> Vma:
    """Give a VMA its anon_vma before its first anonymous page (anon_vma_prepare).

    A neighbour's is shared if the two could be merged but for their access
    rights (find_mergeable_anon_vma).
    """
    if vma.anon_vma:
        return vma
    vmas = state.mms[process].vmas
    mask = _MERGE_FLAGS & ~V_ACCESS
    chosen = 0
    for other in vmas:
        near = (other.start == vma.end and _alike_loosely(vma, other, mask)) or (
            other.end == vma.start and _alike_loosely(other, vma, mask)
        )
        if near and other.anon_vma and other.singular and (not chosen or other.start == vma.end):
            chosen = other.anon_vma
    prepared = vma._replace(anon_vma=chosen or state.new_id(), singular=True)
    vmas[vmas.index(vma)] = prepared
    return prepared


def _alike_loosely(one: Vma, other: Vma, mask: int) -> bool:
    """anon_vma_compatible(): as for a merge, but access rights may differ."""
    return _alike(one, other._replace(account=one.account), mask)
