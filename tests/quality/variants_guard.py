"""Wrong variants of the rules of guard pages; ``variants`` has what they are for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.abi import Fault
from harness.model.registry import V_LOCKED

# method of Rules -> what it wrongly says; the comment is the mistake in words
GUARDS: dict[str, Callable[..., Any]] = {
    # only what is locked gets no guards
    "may_guard": lambda self, vma: not vma.flags & V_LOCKED,
    # a mapping forgets them
    "guarded_flags": lambda self, flags: flags,
    # a guard page is as what lies behind a file's end
    "guard_fault": lambda self: Fault.SIGBUS,
    # what discards pages discards guards
    "guard_goes": lambda self, unmapping: True,
    # they are the parent's alone
    "guard_forks": lambda self: False,
}
