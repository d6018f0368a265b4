"""How environments differ: one named flag a difference, each with its source.

The model never asks for a version or an architecture, only for a flag.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..abi import PAGE_SIZE
from ..environment import Environment
from ..errors import UsageError


@dataclass(frozen=True, slots=True)
class Semantics:
    """One environment's flags, and what its guest said of itself.

    Attributes:
        task_size: first address that no user can map (TASK_SIZE_MAX), bytes.
        table_span: bytes that one last-level page table maps (PMD_SIZE).
        gup_capacity: length of pages[] in the module.
        tagged_addresses: the top byte of an address is ignored
            (arch/arm64/include/asm/uaccess.h untagged_addr; x86-64 6.1 has none).
        exec_only_readable: an exec-only page can be read: x86-64 without
            protection keys (arch/x86/mm/pkeys.c), arm64 without EPAN
            (arch/arm64/mm/fault.c do_page_fault, mm/mmap.c protection_map).
        drained_each: LRU batches are emptied after every operation, because a
            snapshot drains them (mm/swap.c lru_add_drain); with one snapshot at
            the end a page may keep a batch's reference.
    """

    task_size: int = (1 << 47) - PAGE_SIZE
    table_span: int = 1 << 21
    gup_capacity: int = 512
    tagged_addresses: bool = False
    exec_only_readable: bool = True
    drained_each: bool = True


FEATURE_PKU = 1
FEATURE_EPAN = 2
KNOWN_LINES = ("6.1",)


def semantics_for(environment: Environment, observe: str = "each") -> Semantics:
    """The flags of an environment, read from what its guest said of itself.

    Args:
        environment: with the guest's facts.
        observe: "each" or "end", as the trace was taken.

    Raises:
        UsageError: a kernel whose semantics are not known here.
    """
    if environment.line not in KNOWN_LINES:
        known = ", ".join(KNOWN_LINES)
        raise UsageError(f"no semantics for kernel {environment.kernel}: the model knows {known}")
    facts = environment.facts
    features = facts.get("features", 0)
    default = Semantics()
    return Semantics(
        task_size=facts.get("task_size", default.task_size),
        table_span=facts.get("table_span", default.table_span),
        gup_capacity=facts.get("gup_capacity", default.gup_capacity),
        tagged_addresses=environment.arch == "arm64",
        exec_only_readable=not features & (FEATURE_PKU | FEATURE_EPAN),
        drained_each=observe == "each",
    )
