"""All rules together; the modules of this package ask them through ``Rules``."""

from __future__ import annotations

from .registry import (
    REGISTRY,
    V_ACCESS,
    V_MAYREAD,
    V_MAYSHARE,
    V_MAYWRITE,
    V_READ,
    V_SHARED,
    V_WRITE,
    Rule,
    is_cow,
)
from .rules_access import AccessRules
from .rules_blocking import BlockingRules
from .rules_device import DeviceRules
from .rules_file import FileRules
from .rules_frames import FrameRules
from .rules_guard import GuardRules
from .rules_gup import GupRules
from .rules_kinds import KindRules
from .rules_mapping import MappingRules
from .rules_memory import MemoryRules, Reuse, prot_bits
from .rules_mpage import MpageRules
from .rules_shmem import ShmemRules
from .rules_swap import SwapRules
from .rules_thp import ThpRules
from .rules_uffd import UffdRules
from .rules_wait import WaitRules
from .rules_zap import ZapRules

__all__ = [
    "REGISTRY",
    "V_ACCESS",
    "V_MAYREAD",
    "V_MAYSHARE",
    "V_MAYWRITE",
    "V_READ",
    "V_SHARED",
    "V_WRITE",
    "Reuse",
    "Rule",
    "Rules",
    "is_cow",
    "prot_bits",
]


class Rules(
    MemoryRules,
    MappingRules,
    FileRules,
    ShmemRules,
    GupRules,
    KindRules,
    ThpRules,
    BlockingRules,
    DeviceRules,
    UffdRules,
    SwapRules,
    ZapRules,
    WaitRules,
    AccessRules,
    MpageRules,
    FrameRules,
    GuardRules,
):
    """Every rule; a wrong variant overrides one method."""
