"""Records that the tests of jobs and reports share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from harness.check.exact import Exactness, Share
from harness.environment import Environment
from harness.jobs.results import ClaimResult, Record, Rerun, Result
from harness.verdict import Verdict, exit_code

X86 = Environment(kernel="6.1.192", arch="x86_64", cpu="Nehalem", argv=("qemu", "-M", "q35"))
ARM = Environment(kernel="6.1.192", arch="arm64", cpu="cortex-a57", boot_args=("a=1",))

MISMATCH: dict[str, Any] = {
    "operation": 2,
    "line": 9,
    "text": "h = get_user_pages(m[0], nr=2): outcome differs",
    "observed": {"outcome": "2"},
    "allowed": [{"outcome": "-EFAULT", "rules": ["gup.a"]}, {"outcome": "1", "rules": []}],
    "source": "6.1 mm/gup.c check_vma_flags",
}

EXACT = Exactness(
    Share(11, 12),
    {"mmap": Share(5, 5), "store": Share(6, 7)},
    {"outcome": Share(12, 12), "ref": Share(11, 12)},
)


def result(
    program: str = "programs/gup/a.mm",
    environment: Environment = X86,
    verdict: Verdict = Verdict.PASS,
    **more: Any,
) -> Result:
    """One result of 12 operations, all checked unless it says otherwise."""
    values: dict[str, Any] = {
        "operations": 12,
        "checked": 12,
        "exact": EXACT,
        "trace": f"runs/r/traces/{program}.trace",
    } | more
    return Result(
        program=program,
        environment=environment.id,
        kernel=environment.kernel,
        arch=environment.arch,
        verdict=verdict,
        **values,
    )


def infrastructure(text: str, **more: Any) -> dict[str, Any]:
    """The detail of a verdict that no model gave."""
    empty: dict[str, Any] = {
        "operation": None,
        "line": None,
        "observed": {},
        "allowed": [],
        "source": "",
    }
    return empty | {"text": text} | more


def record(*results: Result, **more: Any) -> Record:
    """A record of these results."""
    values: dict[str, Any] = {
        "started": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "seconds": 1.5,
        "exit_code": exit_code(one.verdict for one in results),
        "environments": (X86, ARM),
        "results": results,
        "folder": "runs/r",
    }
    return Record(**(values | more))


def full_record() -> Record:
    """Every verdict once on x86, passes on arm64."""
    tail = {"console": ["Kernel panic", "\x1b[31mred\x00"]}
    mine = [
        result("programs/gup/a.mm", claims=(ClaimResult("GUP-01", 9, shown=True),)),
        result("programs/gup/b.mm", verdict=Verdict.MISMATCH, checked=2, detail=MISMATCH),
        result(
            "programs/gup/c#1.mm",
            verdict=Verdict.FLAKY,
            detail=MISMATCH,
            reruns=(Rerun("alone", Verdict.PASS, "t1"), Rerun("history", Verdict.PASS, "t2")),
        ),
        result("programs/d.mm", verdict=Verdict.CLAIM_FAILED, detail=MISMATCH),
        result(
            "programs/e.mm",
            verdict=Verdict.KERNEL_FAULT,
            detail=infrastructure("oops at f <&>\nsecond", observed=tail),
        ),
        *(
            result(f"programs/{kind.value}.mm", verdict=kind, detail=infrastructure(f"why {kind}"))
            for kind in (
                Verdict.BOOT_FAILED,
                Verdict.GUEST_LOST,
                Verdict.TIMEOUT,
                Verdict.HARNESS_ERROR,
                Verdict.UNCHECKED,
            )
        ),
        result(
            "programs/z.mm",
            verdict=Verdict.SKIPPED,
            trace=None,
            operations=0,
            checked=0,
            detail=infrastructure("requires: arch == arm64 is false here"),
        ),
    ]
    passes = [result(one.program, ARM, allowances={"reuse": 1}) for one in mine]
    pairs = [one for pair in zip(mine, passes, strict=True) for one in pair]
    return record(*pairs)
