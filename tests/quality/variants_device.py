"""Wrong variants of the rules of a driver's pages and mappings; see variants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.abi import Alloc, Fault
from harness.model.registry import V_PFNMAP, V_WRITE
from harness.model.rules import prot_bits
from harness.model.rules_device import G_SLAB
from harness.model.state import G_ANON, G_COMPOUND, P_DIRTY, P_SPECIAL, P_WRITE, P_YOUNG, P_ZERO

EFAULT, EINVAL, ENOMEM = 14, 22, 12
SIGBUS, SIGSEGV = 7, 11

DEVICE: dict[str, Callable[..., Any]] = {
    # one page alone is compound too
    "alloc_flags": lambda self, kind, pages: (
        G_SLAB | G_COMPOUND
        if kind == Alloc.SLAB
        else G_COMPOUND
        if kind in (Alloc.COMPOUND, Alloc.KMALLOC)
        else 0
    ),
    # every page of a block has a reference
    "alloc_refs": lambda self, kind, first: 1,
    # the byte behind the mapping is still in it
    "insert_outside": lambda self, vma, index: not vma.start <= index <= vma.end,
    # any page will do
    "insert_unreferenced": lambda self, ref, zero: False,
    # only what mmap said is VM_MIXEDMAP
    "insert_vma_flags": lambda self, flags: flags,
    # compound pages are turned down, as the documentation lets one think
    "insert_bad_kind": lambda self, flags: bool(flags & (G_ANON | G_SLAB | G_COMPOUND)),
    # the second page takes the first one's place
    "insert_replaces": lambda self: True,
    # a driver's page is mapped without being counted, as pfns are
    "insert_counts": lambda self, zero: 0,
    # a mapping is marked whatever the page, as since 6.12
    "insert_marks_first": lambda self: True,
    # the zero page is kept from whoever could write to it, as from 6.11 on
    "insert_bad_zero": lambda self, vma: bool(vma.flags & V_WRITE),
    # the zero page is mapped special, as 6.12 does
    "inserted_pte": lambda self, vma, zero: (
        prot_bits(vma)
        | (P_WRITE if vma.flags & V_WRITE else 0)
        | (P_ZERO | P_SPECIAL if zero else 0)
    ),
    # the fault's page wins
    "fault_overwrites": lambda self: True,
    # every failure is -EFAULT
    "fault_errno": lambda self, code, hwpoison: -ENOMEM if code == Fault.OOM else -EFAULT,
    # every failure is SIGBUS
    "fault_signal": lambda self, code: (SIGBUS, 2),
    # the child's PTEs are write-protected, as private ones are
    "fork_child_shared_pte": lambda self, flags: flags & ~(P_DIRTY | P_YOUNG | P_WRITE),
    # whatever is asked of a device's bytes is -EINVAL
    "device_error": lambda self, code: -EINVAL,
    # the pages of any block can be put one by one
    "leaves_whole": lambda self, kind: kind in (Alloc.SINGLE, Alloc.SPLIT, Alloc.UNCUT),
    # any file will do
    "device_wanted": lambda self, device: False,
    # a device makes any number of calls
    "too_many_calls": lambda self, calls: False,
    # pages of a page cache may be mapped
    "unfit_page": lambda self, allocated, anon, zero: False,
    # a PFNMAP mapping is one like any other
    "pfnmap_refused": lambda self, flags: False,
    # what the module refuses is -EINVAL to mmap
    "mmap_refused": lambda self: -EINVAL,
    # pages of others may be given
    "fault_refuses": lambda self, allocated, flags, ref, vma_flags: (
        not ref or bool(vma_flags & V_PFNMAP)
    ),
    # DONTEXPAND is only asked of a mapping that is PFNMAP
    "remap_grows": lambda self, vma: not vma.flags & V_PFNMAP,
    # VM_IO is populated like anything else
    "populate_skips": lambda self, vma: bool(vma.flags & V_PFNMAP),
}
