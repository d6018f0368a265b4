"""Wrong variants of the rules of the get_user_pages family; see variants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.abi import Code, Foll
from harness.model.rules import V_WRITE, Rules, prot_bits
from harness.model.state import G_ANON, G_DIRTY, G_MAPPING, P_DIRTY, P_WRITE

Wrong = Callable[..., Any]


def _mapped_writable(self: Rules, vma: Any) -> int:
    return prot_bits(vma) | P_DIRTY | (P_WRITE if vma.flags & V_WRITE else 0)


GUP: dict[str, Wrong] = {
    # pages are refused for lack of flags that every kernel has
    "unknown_flags": lambda self, flags: bool(flags & int(Foll.SPLIT_PMD)),
    # only calls that are pins themselves need pages
    "needs_pages": lambda self, takes, asks: takes,
    # vmas and locked go together
    "vmas_with_locked": lambda self, vmas, locked: False,
    # fast_only takes a pin, as its fast sibling does
    "get_and_pin": lambda self, code, get, pin: (
        code is Code.GET_USER_PAGES_UNLOCKED and get and pin
    ),
    # the memory of an ended process is still there to be got
    "target_gone": lambda self, alive: False,
    # a pin may be put
    "wrong_release": lambda self, pin, unpin: unpin and not pin,
    # ANON asks whether the page is anonymous, not the mapping
    "anon_only": lambda self, vma: True,
    # pin_user_pages dirties as get_user_pages does
    "touches": lambda self, code, longterm: True,
    # any fault lets the lock go
    "fault_lets_go": lambda self, vma, dirties, waits: waits,
    # a fault that reads from the disk keeps the lock
    "read_lets_go": lambda self, reads, waits: False,
    # NOWAIT waits for whoever fills the page in
    "nowait_returns": lambda self, nowait: False,
    # with locked a missing page is an error, as without
    "locked_may_retry": lambda self: False,
    # vmas is filled one further
    "vmas_filled": lambda self, ret, gates: max(ret, 0),
    # the vsyscall page is not anonymous
    "anon_outside": lambda self, gate: False,
    # is_valid_gup_flags lets PIN pass
    "rejects_pin": lambda self, code, pin: False,
    # get_user_pages_unlocked takes LONGTERM
    "rejects_longterm": lambda self, code, longterm: (
        longterm and code in (Code.GET_USER_PAGES, Code.GET_USER_PAGES_FAST)
    ),
    # GET given to a pin is ignored
    "rejects_get": lambda self, code, get: False,
    # fast calls take ANON too
    "fast_rejects": lambda self, flags: bool(
        flags & int(Foll.NOWAIT | Foll.HWPOISON | Foll.SPLIT_PMD)
    ),
    # every failed check warns
    "warns_again": lambda self: True,
    # pins of large pages are in their reference counts
    "pins_apart": lambda self, size: False,
    # the zero page is pinned like any other, as 5.10 does
    "pin_adds": lambda self, zero, large: (1, 1) if large else (1024, 0),
    # the zero page is unpinned like any other, as 5.10 does
    "unpin_drops": lambda self, zero, large: (1, 1) if large else (1024, 0),
    # a pin for reading takes the shared page, as 5.10 does
    "must_unshare": lambda self, pin, write, page_flags: False,
    # fork does not know that there were pins
    "remembers_pins": lambda self: False,
    # fast_only is fast
    "fast_only_falls_back": lambda self: True,
    # fast_only returns errnos, as 6.12 does
    "fast_only_result": lambda self, ret: ret,
    # set_page_dirty asks for a mapping
    "dirtied_unlocked": lambda self, flags: flags | G_DIRTY if not flags & G_MAPPING else flags,
    # fork shares pinned pages
    "fork_copies_page": lambda self, has_pinned, flags, ref, pins: False,
    # the vsyscall page is as any kernel address
    "takes_gate": lambda self, write: False,
    # frames of a device are taken
    "takes_io": lambda self: True,
    # vvar is readable, as it is from 7.3 on
    "takes_vvar": lambda self: not self.sem.release.takes_vvar,
    # vvar is as any other page for others
    "vvar_keeps_out": lambda self, remote: False,
    # vmas are gone, as since 6.5
    "lacks_vmas": lambda self, vmas: vmas,
    # flags that a call cannot have are no error, as since 6.3 for pin_user_pages
    "rejected": lambda self, code: 0,
    # a fast LONGTERM pin may sleep where it may not, and not where it may
    "longterm_may_retry": lambda self: not self.sem.release.longterm_goes_on,
    # SPLIT_PMD is as wrong for hugetlb as any flag that is
    "split_huge_error": lambda self: -22,
    # a LONGTERM pin makes shared mappings copy too
    "longterm_unshares": lambda self, page_flags, cow: not page_flags & G_ANON,
    # a driver's page could be a secret one, however large
    "fast_takes_unmapped": lambda self, small, longterm_write: False,
    # a range that wraps is -EOVERFLOW, as on 6.12
    "fast_overflow_result": lambda self: -75,
    # a file that is told of writes is not pinned for long, as since 6.5
    "may_write_longterm": lambda self, vma, longterm, tracked: not (longterm and tracked),
    # FORCE does not reach the vdso
    "takes_vdso": lambda self, write, force: not write,
    # SPLIT_PMD leaves a leaf whole
    "splits_leaf": lambda self, wanted: False,
    # the child's copy is clean and read-only, as its shared pages are
    "fork_copied_pte": lambda self, vma: prot_bits(vma),
    # a huge page's unshared copy is dirty, as copies are
    "huge_unshared_pte": lambda self, flags: flags | P_DIRTY,
    # fork shares huge pages whoever has them pinned
    "huge_fork_copies": lambda self, has_pinned, pins, flags: False,
    # unsharing maps the copy as a write would
    "unshared_pte": _mapped_writable,
}
