"""Faults in the kernel's log, and the warnings that the model predicts."""

from __future__ import annotations

from .. import klog
from ..klog import Fault, FaultKind
from ..model.calls import Warned
from ..verdict import Verdict

_SHOWN = 200
_MODULE = "[pagelab]"  # behind the function, where a warning is a module's (%pS)


def faults_in(log: bytes) -> tuple[Fault, ...]:
    """The faults that an operation's log reports."""
    if not log:
        return ()
    return klog.faults(record.text for record in klog.records(log) if record.from_kernel)


def fault_text(fault: Fault) -> str:
    """A fault in one line."""
    return f"{fault.kind} {fault.where}: {fault.text[:_SHOWN]}"


def blame(fault: Fault) -> Verdict:
    """Whose fault it is: the module warns only of what it did wrong itself."""
    ours = fault.kind is FaultKind.WARN and fault.text.endswith(_MODULE)
    return Verdict.HARNESS_ERROR if ours else Verdict.KERNEL_FAULT


def agree(expected: Warned | None, faults: tuple[Fault, ...]) -> bool:
    """Is what the kernel reported what was expected, no more and no less?"""
    if expected is None or len(faults) != expected.times:
        return expected is None and not faults
    return all(_is(expected, fault) for fault in faults)


def _is(expected: Warned, fault: Fault) -> bool:
    place, _, function = fault.where.partition(" ")
    # a compiler names its variants of a function name.isra.0, name.constprop.0
    known = function.partition(".")[0] in expected.functions
    return fault.kind is FaultKind.WARN and place.startswith(f"{expected.file}:") and known
