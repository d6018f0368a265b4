"""Wrong variants of userfaultfd's other two modes; ``variants`` has what they are for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.model.registry import V_SHARED, V_UFFD_MINOR, V_UFFD_WP
from harness.model.rules import V_WRITE, prot_bits
from harness.model.state import P_DIRTY, P_UFFD_WP, P_WRITE

# method of Rules -> what it wrongly says; the comment is the mistake in words
VARIANTS: dict[str, Callable[..., Any]] = {
    # no mode at all registers for nothing
    "uffd_mode_bad": lambda self, mode: False,
    # anonymous memory can be registered with MINOR
    "uffd_may_be_minor": lambda self, mode, vma: True,
    # memory of files is not protected
    "uffd_may_be_protected": lambda self, mode, vma: vma.file < 0,
    # nobody can go on
    "uffd_knows_continue": lambda self: False,
    # modes add up
    "uffd_registered_flags": lambda self, flags, uffd, wanted: flags | wanted,
    # WP cannot be left where it can, and the other way round
    "uffd_may_switch": lambda self, flags, wanted: bool(
        self.sem.release.uffd_keeps_wp or not flags & V_UFFD_WP & ~wanted
    ),
    # what the file has is mapped as ever
    "uffd_catches_minor": lambda self, vma: False,
    # a page that the file has not is as wrong as one behind its end
    "uffd_continue_error": lambda self, beyond, cached: 0 if cached else -22,
    # going on needs MINOR
    "uffd_may_continue": lambda self, vma: bool(vma.flags & V_UFFD_MINOR),
    # a page of a private mapping is mapped clean
    "uffd_continued_pte": lambda self, vma: (
        prot_bits(vma) | (P_WRITE | P_DIRTY if vma.flags & V_SHARED and vma.flags & V_WRITE else 0)
    ),
    # the mark of an entry is all that counts
    "uffd_protects": lambda self, flags, vma: bool(flags & P_UFFD_WP),
    # a range may be longer than its mapping
    "uffd_may_protect": lambda self, vma, end: bool(vma.flags & V_UFFD_WP),
    # the other way round about ranges of several mappings
    "uffd_protects_many": lambda self: not self.sem.release.uffd_protects_many,
    # what is protected is clean
    "uffd_protected_pte": lambda self, flags, vma: flags & ~(P_WRITE | P_DIRTY) | P_UFFD_WP,
    # a protected entry is only read-only
    "uffd_mark": lambda self: 0,
    # the end of protection makes everything writable
    "uffd_resolved_pte": lambda self, flags: flags & ~P_UFFD_WP | P_WRITE,
    # the other way round about what the end of protection does at once
    "uffd_upgrades": lambda self: not self.sem.release.uffd_upgrades,
    # anonymous memory is marked as well
    "uffd_marks_none": lambda self, vma: True,
    # a marker is ignored
    "uffd_heeds_marker": lambda self, vma: False,
    # a page at a marker is mapped as any other
    "uffd_marked_pte": lambda self, flags: flags,
    # shared pages are writable from the start
    "uffd_tracks": lambda self, vma: False,
    # mprotect makes what is dirty writable
    "uffd_stays_protected": lambda self, flags, vma: bool(
        flags & P_UFFD_WP and vma.flags & V_UFFD_WP
    ),
    # a page filled in with WP can be written
    "uffd_copied_pte": lambda self, flags, protect: flags,
    # WP is for any registered memory
    "uffd_may_copy": lambda self, vma, protect: True,
    # a marker is like nothing at all
    "uffd_fills_marker": lambda self, zero: True,
    # a discarded page is forgotten
    "uffd_leaves_marker": lambda self, flags, vma: False,
    # markers go with whatever zaps them
    "uffd_drops_marker": lambda self, unmapping: True,
    # a child's memory is protected too
    "uffd_forked_pte": lambda self, flags: flags,
    # what moves stays protected
    "uffd_moved_pte": lambda self, flags: flags,
    # a copy made by unsharing is not protected
    "uffd_unshared_pte": lambda self, old: 0,
}

# The rules that only an architecture shows where a userfaultfd can write-protect.
WRITE_PROTECT = frozenset(VARIANTS) - {
    "uffd_mode_bad",
    "uffd_may_be_minor",
    "uffd_registered_flags",
    "uffd_catches_minor",
    "uffd_continue_error",
    "uffd_may_continue",
    "uffd_continued_pte",
    "uffd_may_copy",
}
