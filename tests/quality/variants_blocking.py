"""Wrong variants of the rules of calls that sleep; ``variants`` has what they are for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.model.rules import V_WRITE, prot_bits
from harness.model.state import P_DIRTY, P_SPECIAL, P_WRITE, P_ZERO

# method of Rules -> what it wrongly says; the comment is the mistake in words
VARIANTS: dict[str, Callable[..., Any]] = {
    # whoever it is can be waited for
    "wait_is_for": lambda self, child: True,
    # there is no such process
    "wait_error": lambda self: -3,
    # a child's status can be had again
    "wait_buries": lambda self: False,
    # the signal is where an exit code would be
    "wait_status": lambda self, signal: signal << 8,
    # a registered range's faults are as any other's
    "uffd_catches": lambda self, vma: False,
    # everybody waits for a missing page
    "uffd_sleeps": lambda self, may_retry: True,
    # get_user_pages lets the mmap lock go
    "slow_may_retry": lambda self: True,
    # get_user_pages_fast does not
    "fast_may_retry": lambda self: False,
    # a killed call gives back what it has
    "killed_keeps": lambda self: False,
    # memory goes with its process
    "exit_waits": lambda self, held: False,
    # memory that moves stays registered
    "moved_flags": lambda self, flags: flags,
    # the child's range stays registered
    "fork_unregisters": lambda self, flags: flags,
    # a range may begin in the middle of a page
    "uffd_range_bad": lambda self, addr, size: size == 0,
    # nothing to register is an error of its own where something lies above
    "uffd_nothing_above": lambda self, above: -12 if above else -22,
    # whatever can be faulted in can be registered
    "uffd_may_register": lambda self, foreign: True,
    # huge pages are registered as small ones are
    "uffd_splits_badly": lambda self, edge: False,
    # a small page can be filled into a huge mapping
    "uffd_fills_small": lambda self, huge: True,
    # any mapping can be filled in
    "uffd_may_fill": lambda self, vma: vma is not None,
    # a page that is there is replaced
    "uffd_replaces": lambda self: True,
    # what is behind a file's end depends on no kernel, or on no mapping
    "uffd_beyond_error": lambda self, fills_cache: -1,
    # a page filled in is clean
    "uffd_copy_pte": lambda self, vma: prot_bits(vma) | (P_WRITE if vma.flags & V_WRITE else 0),
    # the zero page that is filled in is dirty
    "uffd_zero_pte": lambda self, vma: prot_bits(vma) | P_SPECIAL | P_ZERO | P_DIRTY,
    # a private mapping's page is filled into the file
    "uffd_fills_cache": lambda self, vma: vma.file >= 0,
    # who sleeps for a page has to be woken by hand
    "uffd_wakes": lambda self: False,
    # a dead process's memory is still there
    "uffd_outlives": lambda self: True,
    # a held set that a sleeping call has is just not held
    "set_is_busy": lambda self: False,
}
