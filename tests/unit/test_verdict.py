"""The one exit code that several verdicts make."""

from __future__ import annotations

import itertools

import pytest

from harness.verdict import (
    ERRORS,
    EXIT_CODES,
    FAILURES,
    NOTHING_CHECKED,
    PRECEDENCE,
    Verdict,
    exit_code,
    first_code,
)


def test_every_verdict_has_a_code_and_a_kind() -> None:
    assert set(EXIT_CODES) == set(Verdict)
    assert set(Verdict) - {Verdict.PASS, Verdict.SKIPPED} == FAILURES | ERRORS
    assert not FAILURES & ERRORS


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        ("PASS", 0),
        ("MISMATCH", 10),
        ("FLAKY", 10),
        ("CLAIM_FAILED", 11),
        ("KERNEL_FAULT", 12),
        ("BOOT_FAILED", 20),
        ("GUEST_LOST", 21),
        ("TIMEOUT", 22),
        ("HARNESS_ERROR", 23),
        ("UNCHECKED", 30),
    ],
)
def test_code_of_one(verdict: str, code: int) -> None:
    assert exit_code([Verdict(verdict)]) == code
    assert exit_code([Verdict.PASS, Verdict(verdict), Verdict.SKIPPED]) == code


def test_the_first_of_the_order_decides() -> None:
    assert PRECEDENCE == (2, 12, 10, 11, 23, 20, 21, 22, 30)
    for one, other in itertools.combinations(PRECEDENCE, 2):
        assert first_code([other, one, 0]) == one
        assert first_code([one, other]) == one
    assert first_code([0, 0]) == 0


def test_nothing_checked_is_never_a_pass() -> None:
    assert exit_code([]) == NOTHING_CHECKED
    assert exit_code([Verdict.SKIPPED]) == NOTHING_CHECKED
    assert exit_code([Verdict.SKIPPED, Verdict.PASS]) == 0


def test_flaky_may_be_allowed_and_only_that() -> None:
    assert exit_code([Verdict.FLAKY, Verdict.PASS], allow_flaky=True) == 0
    assert exit_code([Verdict.MISMATCH], allow_flaky=True) == 10
    assert exit_code([Verdict.FLAKY, Verdict.TIMEOUT], allow_flaky=True) == 22


def test_one_is_never_used() -> None:
    assert 1 not in EXIT_CODES.values()
    assert 1 not in PRECEDENCE
