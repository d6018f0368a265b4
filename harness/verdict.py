"""The closed set of verdicts, and the one exit code that several make."""

from __future__ import annotations

import enum
from collections.abc import Iterable


class Verdict(enum.Enum):
    """What became of one program in one environment. Values are the contract's words."""

    PASS = "PASS"
    SKIPPED = "SKIPPED"
    MISMATCH = "MISMATCH"
    FLAKY = "FLAKY"
    CLAIM_FAILED = "CLAIM_FAILED"
    KERNEL_FAULT = "KERNEL_FAULT"
    BOOT_FAILED = "BOOT_FAILED"
    GUEST_LOST = "GUEST_LOST"
    TIMEOUT = "TIMEOUT"
    HARNESS_ERROR = "HARNESS_ERROR"
    UNCHECKED = "UNCHECKED"


EXIT_CODES = {
    Verdict.PASS: 0,
    Verdict.SKIPPED: 0,
    Verdict.MISMATCH: 10,
    Verdict.FLAKY: 10,
    Verdict.CLAIM_FAILED: 11,
    Verdict.KERNEL_FAULT: 12,
    Verdict.BOOT_FAILED: 20,
    Verdict.GUEST_LOST: 21,
    Verdict.TIMEOUT: 22,
    Verdict.HARNESS_ERROR: 23,
    Verdict.UNCHECKED: 30,
}

USAGE_ERROR = 2
INTERRUPTED = 130
NOTHING_CHECKED = 30

# Of several codes the first in this order decides.
PRECEDENCE = (USAGE_ERROR, 12, 10, 11, 23, 20, 21, 22, NOTHING_CHECKED)


def first_code(codes: Iterable[int]) -> int:
    """The exit code that several make together; 0 if none of them is an error."""
    present = set(codes)
    return next((code for code in PRECEDENCE if code in present), 0)


def exit_code(verdicts: Iterable[Verdict], *, allow_flaky: bool = False) -> int:
    """The exit code of a run.

    A run in which nothing passed or failed (empty, or all SKIPPED) checked
    nothing, and that is 30, never 0.
    """
    seen = list(verdicts)
    if all(verdict is Verdict.SKIPPED for verdict in seen):
        return NOTHING_CHECKED
    return first_code(
        EXIT_CODES[verdict] for verdict in seen if not (allow_flaky and verdict is Verdict.FLAKY)
    )


# JUnit and KTAP know three outcomes besides pass: skipped, failure, error.
FAILURES = frozenset({Verdict.MISMATCH, Verdict.FLAKY, Verdict.CLAIM_FAILED, Verdict.KERNEL_FAULT})
ERRORS = frozenset(
    {
        Verdict.BOOT_FAILED,
        Verdict.GUEST_LOST,
        Verdict.TIMEOUT,
        Verdict.HARNESS_ERROR,
        Verdict.UNCHECKED,
    }
)
