"""What a rerun says of a difference: does it repeat? Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..verdict import Verdict
from .results import Rerun, Result

ALONE = "alone"
HISTORY = "history"
DIFFERENCES = frozenset({Verdict.MISMATCH, Verdict.KERNEL_FAULT})
# What a rerun may end in that says nothing about the difference.
_INCONCLUSIVE = frozenset(
    {Verdict.BOOT_FAILED, Verdict.GUEST_LOST, Verdict.TIMEOUT, Verdict.HARNESS_ERROR}
)


def next_step(attempts: Sequence[tuple[str, Result]], history: int) -> str | None:
    """How to run it next: ALONE, HISTORY, or None when enough is known.

    Args:
        attempts: how and with which result, so far.
        history: how many programs the guest had run before it.
    """
    if not attempts:
        return ALONE
    if attempts[-1][1].verdict in DIFFERENCES or not history or len(attempts) > 1:
        return None
    return HISTORY


def settle(first: Result, attempts: Sequence[tuple[str, Result]]) -> Result:
    """The result to report, all reruns done.

    FLAKY is only what was looked for and not found again. A kernel fault stays
    one however rarely it comes; a rerun that saw it operation by operation
    says more exactly where.

    Args:
        first: the difference as it was met.
        attempts: how and with which result.
    """
    reruns = tuple(Rerun(how, said.verdict, said.trace or "") for how, said in attempts)
    again = next((said for _, said in attempts if said.verdict in DIFFERENCES), None)
    if again is not None and again.verdict is Verdict.KERNEL_FAULT:
        return replace(first, verdict=again.verdict, detail=again.detail, reruns=reruns)
    if (
        again is None
        and first.verdict is Verdict.MISMATCH
        and attempts
        and not any(said.verdict in _INCONCLUSIVE for _, said in attempts)
    ):
        return replace(first, verdict=Verdict.FLAKY, reruns=reruns)
    return replace(first, reruns=reruns)
