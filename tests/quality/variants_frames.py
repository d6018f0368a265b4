"""Wrong variants of the rules of memory mapped by frame number, as variants.py has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.model.registry import V_IO, V_MIXEDMAP, V_PFNMAP, V_WRITE
from harness.model.rules import is_cow, prot_bits
from harness.model.state import P_NC, P_SPECIAL, P_WRITE

FRAMES: dict[str, Callable[..., Any]] = {
    # the entry is writable wherever the mapping is, copies or not
    "frame_pte": lambda self, vma, memory: (
        prot_bits(vma) | memory | P_SPECIAL | (P_WRITE if vma.flags & V_WRITE else 0)
    ),
    # the mapping's memory type stays, whatever is asked for
    "frame_type": lambda self, memory, wanted: memory,
    # the other architecture's way with the memory type
    "protected_type": lambda self, flags, memory: memory if self.sem.keeps_type else flags & P_NC,
    # nothing is marked as tracked
    "marks_tracked": lambda self: False,
    # what is asked for is what the frames get
    "keeps_types": lambda self: False,
    # memory is as a device is
    "type_known": lambda self, device, kept: kept,
    # a mapping made whole decides the type, whatever others have
    "type_reserved": lambda self, wanted, found: wanted or P_NC,
    # the first frame decides
    "type_of_part": lambda self, known: known[0],
    # only a whole range can be freed
    "type_shrinks": lambda self: False,
    # no flag tells of it
    "tracked_flags": lambda self, flags: flags,
    # a mapping is tracked as long as it is there
    "type_untracks": lambda self: False,
    # VM_PAT where there is none, and the other way round
    "tracks_by_context": lambda self: not self.sem.release.tracks_by_context,
    # types are kept for ever
    "context_goes": lambda self: False,
    # flags are set first where they are not, and the other way round
    "remap_marks_first": lambda self: not self.sem.release.remap_marks_first,
    # what mremap leaves behind is tracked, and goes with its end
    "moved_from_flags": lambda self, flags: flags,
    # the child's mapping is just not tracked
    "fork_fails": lambda self: False,
    # a size is cut to whole pages, if it has any
    "remap_pages": lambda self, size: size // 4096 or 1,
    # an address is rounded down, as others are
    "remap_unaligned": lambda self, addr: False,
    # also a private mapping can be remapped in parts
    "remap_partial": lambda self, vma, start, end: False,
    # the offset stays what mmap was given
    "remap_pgoff": lambda self, vma, frame: vma.pgoff,
    # the mapping stays one that can expand
    "remap_flags": lambda self, flags: flags | V_IO | V_PFNMAP,
    # an error leaves everything as it was
    "remap_zaps": lambda self: False,
    # the area need not hold the offset too
    "iomap_fits": lambda self, vma, start, size: (
        start + size < 1 << 64 and vma.end - vma.start <= (size + start % 4096 + 4095) >> 12
    ),
    # the mapping begins where the area does
    "iomap_first": lambda self, vma: 0,
    # an address behind the mapping is filled in too
    "pfn_outside": lambda self, vma, index: index < vma.start,
    # the new frame takes the old one's place
    "pfn_replaces": lambda self: True,
    # an entry that is there is an error, as of vm_insert_page
    "pfn_result": lambda self, present: -16 if present else 0x100,
    # VM_PFNMAP alone counts
    "follow_allowed": lambda self, flags: bool(flags & V_PFNMAP),
    # what is not there is no error
    "follow_absent": lambda self: 0,
    # the address has to lie in the mapping
    "follow_checks": lambda self: True,
    # any mapping of a driver will do, as of 7.x
    "zap_ptes_allowed": lambda self, flags: bool(flags & (V_PFNMAP | V_MIXEDMAP)),
    # what of the range lies in the mapping is zapped
    "zap_ptes_inside": lambda self, vma, start, end: vma.start <= start < vma.end,
    # a frame is an error even for who wants no page
    "follows_special": lambda self, keeps, pins: -17,
    # the entry stays as it was
    "touched_special": lambda self, flags, write, gets: flags,
    # the last page is not to be had
    "frames_refused": lambda self, wanted, left: wanted >= left,
    # a page can be given back while its frame is mapped
    "lent_refused": lambda self, lent: False,
    # one byte is as good as none
    "empty_refused": lambda self, size: size <= 1,
    # a walk of any length ends
    "zap_meets_end": lambda self, addr, size, inside: True,
    # only the end of the mapping is looked at
    "remap_outside": lambda self, vma, start, end: end > vma.end,
    # an entry that is there makes way
    "remap_over": lambda self, mapped: False,
    # any mapping of PFNMAP or MIXEDMAP will do
    "insert_stops": lambda self, code, vma, has_page: (
        not vma.flags & (V_PFNMAP | V_MIXEDMAP) or is_cow(vma)
    ),
    # a private mapping can be remapped at any time
    "changes_offset": lambda self, vma, linked: False,
    # a leaf is followed as any entry
    "leaf_refused": lambda self, leaf: False,
}
