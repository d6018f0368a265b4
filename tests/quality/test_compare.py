"""Does a comparison call unexplained what no flag explains, and nothing else? On real traces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from harness import language, layout
from harness.compare import Compared, Kind, compare_traces
from harness.trace import Trace

pytestmark = pytest.mark.qemu
# Few, but with a claim's worth of everything: outcomes, page tables, pages.
NAMES = (
    "programs/get_user_pages/held_over_munmap.mm",
    "programs/mprotect/force_clean.mm",
    "programs/pin_user_pages/get_flag.mm",
)


def compared(one: Trace, other: Trace) -> Compared:
    header = one.header
    compiled = layout.compile_program(language.parse(header.text, header.program))
    return compare_traces(one, other, compiled)


def as_kernel(trace: Trace, kernel: str) -> Trace:
    """The same trace, as if another kernel had shown it."""
    environment = replace(trace.header.environment, kernel=kernel)
    return replace(trace, header=replace(trace.header, environment=environment))


def test_a_trace_does_not_differ_from_itself(recorded: Mapping[str, Trace]) -> None:
    for name in NAMES:
        found = compared(recorded[name], as_kernel(recorded[name], "6.1.999"))
        assert (found.operations, found.differing) == (found.of, ())


def test_an_altered_outcome_is_unexplained(recorded: Mapping[str, Trace]) -> None:
    for name in NAMES:
        whole = recorded[name]
        for at, outcome in enumerate(whole.outcomes):
            wrong = replace(outcome, ret=outcome.ret + 3)
            outcomes = (*whole.outcomes[:at], wrong, *whole.outcomes[at + 1 :])
            for kernel in ("6.1.999", "7.3.4"):
                other = replace(as_kernel(whole, kernel), outcomes=outcomes)
                found = compared(whole, other)
                last = found.differing[-1]
                assert last.cause.kind is Kind.UNEXPLAINED, (name, at, kernel)
                assert last.operation == found.operations - 1 <= at


def test_what_a_kernel_may_not_show_is_unexplained(recorded: Mapping[str, Trace]) -> None:
    """7.3 refuses FOLL_GET in another way: what 6.1 showed is not to be had from it."""
    trace = recorded["programs/pin_user_pages/get_flag.mm"]
    found = compared(trace, as_kernel(trace, "7.3.4"))
    assert found.differing[-1].cause.kind is Kind.UNEXPLAINED
    assert found.operations < found.of
