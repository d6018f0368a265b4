"""Wrong variants of the model's rules: small, plausible changes, one for each rule.

Each replaces one method of Rules. A variant that no shipped program notices
means that the rule might as well not be there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from quality import variants_blocking, variants_swap, variants_uffd
from quality.variants_access import ACCESS
from quality.variants_device import DEVICE
from quality.variants_file import FILES
from quality.variants_frames import FRAMES
from quality.variants_guard import GUARDS
from quality.variants_gup import GUP
from quality.variants_kinds import KINDS
from quality.variants_mpage import MPAGE
from quality.variants_zap import ZAPS

from harness.check import Checked, check_trace
from harness.model.rules import (
    V_MAYWRITE,
    V_READ,
    V_SHARED,
    V_WRITE,
    Reuse,
    Rules,
    prot_bits,
)
from harness.model.state import (
    G_ANON,
    G_DIRTY,
    G_EXCLUSIVE,
    G_MAPPING,
    P_DIRTY,
    P_NONE_PROT,
    P_SPECIAL,
    P_WRITE,
    P_YOUNG,
    P_ZERO,
)
from harness.trace import Trace
from harness.verdict import Verdict

from .variants_memory import VARIANTS as MEMORY

Name = TypeVar("Name")
Wrong = Callable[..., Any]


def _fork_copies_shared(self: Rules, vma: Any) -> bool:
    return bool(vma.anon_vma or vma.file >= 0)


# method of Rules -> what it wrongly says; the comment is the mistake in words
VARIANTS: dict[str, Wrong] = {
    # a load needs VM_READ
    "may_load": lambda self, vma: bool(vma.flags & V_READ),
    # a store needs only VM_READ
    "may_store": lambda self, vma: bool(vma.flags & (V_READ | V_WRITE)),
    # the mapping is asked, not the entry
    "processor_stores": lambda self, flags: False,
    # a load leaves an old PTE old
    "loaded_pte": lambda self, flags: flags,
    # the hardware does not set the dirty bit
    "stored_pte": lambda self, flags: flags | P_YOUNG,
    # the zero page is mapped writable where the VMA is
    "anon_read_pte": lambda self, vma: (
        prot_bits(vma) | P_SPECIAL | P_ZERO | (P_WRITE if vma.flags & V_WRITE else 0)
    ),
    # the zero page counts in RSS
    "anon_read_counts": lambda self: True,
    # FORCE leaves a dirty PTE in a read-only VMA
    "anon_write_pte": lambda self, vma: (
        prot_bits(vma) | P_DIRTY | (P_WRITE if vma.flags & V_WRITE else 0)
    ),
    # the end of the file is rounded down
    "beyond_eof": lambda self, index, size: index >= size >> 12,
    # a read fault maps shared pages read-only
    "file_read_pte": lambda self, vma: prot_bits(vma),
    # the copy is mapped clean
    "file_cow_pte": lambda self, vma: prot_bits(vma) | (P_WRITE if vma.flags & V_WRITE else 0),
    # a shared write leaves PG_dirty to the unmapping
    "file_shared_pte": lambda self, vma: (prot_bits(vma) | P_WRITE | P_DIRTY, 0),
    # exclusive pages are judged by their reference count, as 5.10 did
    "reuse_exclusive": lambda self, flags: False,
    # the parent may go on writing while others still map the page
    "reuse_shared": lambda self, ref, accessed: Reuse(ref <= 2, True),
    # a reused page stays shared in name
    "reused_flags": lambda self, flags: flags,
    # reuse forgets the dirty bit
    "reuse_pte": lambda self, flags, vma: flags | P_YOUNG | (P_WRITE if vma.flags & V_WRITE else 0),
    # a copy that FORCE made becomes writable
    "copy_pte": lambda self, vma: prot_bits(vma) | P_DIRTY | P_WRITE,
    # the old page keeps the mapping's reference
    "copy_drops_old": lambda self: False,
    # a copied file page is still counted as a file page
    "copy_rss": lambda self, old_anon, old_zero: (1, 0) if old_zero else (0, 0),
    # fork copies page tables of file mappings too
    "fork_copies": _fork_copies_shared,
    # fork leaves the parent's PTE writable
    "fork_parent_pte": lambda self, flags: flags,
    # the child's PTE is as young as the parent's
    "fork_child_pte": lambda self, flags: flags & ~P_WRITE,
    # a shared page stays exclusive
    "fork_shared_flags": lambda self, flags: flags,
    # the zero page is counted at fork
    "fork_counts": lambda self, special: 1,
    # mprotect cleans PTEs
    "protected_pte": lambda self, flags, vma: (
        (flags & ~(P_WRITE | P_NONE_PROT | P_DIRTY))
        | (0 if vma.flags & 7 else P_NONE_PROT)
        | (P_WRITE if vma.flags & V_SHARED and vma.flags & V_WRITE else 0)
    ),
    # mprotect asks only whether the page is exclusive, as 6.12 does
    "upgraded_pte": lambda self, flags, vma, page_flags: (
        flags | P_WRITE
        if vma.flags & V_WRITE
        and not vma.flags & V_SHARED
        and page_flags & (G_ANON | G_EXCLUSIVE) == G_ANON | G_EXCLUSIVE
        else flags
    ),
    # mprotect gives any access
    "may_protect": lambda self, vma, prot: True,
    # mprotect goes on behind a hole
    "mprotect_goes_on": lambda self: True,
    # VMAs merge only if both have the same anon_vma
    "anon_vmas_merge": lambda self, one, other, singular: one == other,
    # an address in the middle of a page is rounded down
    "range_starts_badly": lambda self, addr: False,
    # zapping drops a count of the zero page
    "zap_counts": lambda self, special: 1,
    # zapping takes the zero page off RSS
    "zap_rss": lambda self, special: 1,
    # the dirty bit is lost at unmap
    "zap_dirties": lambda self, pte_flags, page_flags: False,
    # madvise stops at a hole
    "madvise_goes_on": lambda self, populates: False,
    # munmap of nothing is an error
    "munmap_hole_is_error": lambda self: True,
    # the partial page is unmapped as well
    "truncate_from": lambda self, size: size >> 12,
    # private copies survive truncation
    "truncate_spares_copies": lambda self: True,
    # the partial page is zeroed but not dirty
    "truncate_partial": lambda self, flags: flags,
    # a page taken out of the cache stays dirty
    "removed_flags": lambda self, flags: flags & ~G_MAPPING,
    # shared anonymous memory stays when its last mapping is gone
    "evicts": lambda self, mapped: False,
    # nr 0 takes a page
    "slow_nr_zero": lambda self, nr: False,
    # a negative nr is taken for its size
    "slow_nr": lambda self, nr: abs(nr),
    # FORCE is not asked for
    "slow_may_read": lambda self, vma, force: bool(vma.flags & V_READ),
    # FORCE copies even in shared mappings, as the documentation has it
    "slow_may_write": lambda self, vma, force: bool(
        vma.flags & (V_WRITE | V_MAYWRITE if force else V_WRITE)
    ),
    # pages that are there are taken with SIGKILL pending
    "slow_interrupted": lambda self, killed: False,
    # FORCE takes any read-only page that is there
    "may_follow_write": lambda self, pte_flags, vma, page_flags, force, copied: (
        bool(pte_flags & P_WRITE) or force
    ),
    # WRITE leaves a clean page clean
    "slow_dirties": lambda self, pte_flags, page_flags: False,
    # no reference is taken
    "grab": lambda self: 0,
    # the error wins over the count
    "partial": lambda self, done, error: error or done,
    # a kernel address is cut down to a user one
    "untagged": lambda self, addr: addr & ((1 << 47) - 1),
    # a length that wraps is refused, as 6.12 does
    "fast_overflow": lambda self, start, nr: False,
    # the range is not checked
    "fast_access_ok": lambda self, start, nr: True,
    # the walk looks at nothing but presence
    "fast_permitted": lambda self, pte_flags, write: not pte_flags & P_NONE_PROT,
    # the walk takes the zero page
    "fast_takes_special": lambda self: True,
    # nr 0 takes nothing
    "fast_limit": lambda self, nr: nr,
    # the walk marks pages dirty
    "fast_dirties": lambda self: True,
    # the walk is all there is
    "fast_falls_back": lambda self, done, nr: done == 0,
    # put_page gives nothing back
    "put_drops": lambda self: 0,
    # a page is dirtied only where it has a mapping
    "dirtied_flags": lambda self, flags: flags | G_DIRTY if flags & G_MAPPING else flags,
    # only counts above the capacity are refused
    "over_capacity": lambda self, nr, extent, fast: (
        nr > self.sem.gup_capacity and extent > self.sem.gup_capacity
    ),
    # the table's end is not looked for
    "walks_off_table": lambda self, start, extent, leaf: False,
    # the zero page is written
    "poke_refused": lambda self, zero: False,
    **variants_blocking.VARIANTS,
    **variants_swap.VARIANTS,
    **variants_uffd.VARIANTS,
    **MEMORY,
}
VARIANTS |= ACCESS | DEVICE | FILES | FRAMES | GUARDS | GUP | KINDS | MPAGE | ZAPS


# Verdicts of a trace that notices: a warning that was not expected is the kernel's fault first.
NOTICED = (Verdict.MISMATCH, Verdict.KERNEL_FAULT)


def wrong_rules(method: str) -> type[Rules]:
    """Rules with one method wrong."""
    return type(f"Wrong_{method}", (Rules,), {method: VARIANTS[method]})


def suspects(checked: Mapping[Name, Checked], method: str) -> list[Name]:
    """Traces that may notice a wrong method: those whose check asked its rule, short ones first.

    Args:
        checked: by rules that were traced.
    """
    rule = next((rule for rule, name in Rules.methods().items() if name == method), "")
    asked = [name for name, found in checked.items() if rule in found.rules]
    return sorted(asked, key=lambda name: checked[name].operations)


def notices(trace: Trace, method: str) -> bool:
    """Does checking a trace with a wrong method give a difference, and not an error?"""
    try:
        return check_trace(trace, rules=wrong_rules(method)).verdict in NOTICED
    except RuntimeError:
        return False
