"""Does the checker catch what it should? Wrong rules and turned claims on real traces."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import pytest
from quality.variants import NOTICED, VARIANTS, wrong_rules

from harness import check, claims
from harness.model import REGISTRY
from harness.model.rules import Rules
from harness.trace import Trace
from harness.verdict import Verdict

# What only one architecture can show.
ONLY = {"untagged": "x86_64"}


def test_every_rule_has_a_wrong_variant() -> None:
    named = Rules.methods()
    assert set(named) == set(REGISTRY)
    without = sorted(rule for rule, method in named.items() if method not in VARIANTS)
    assert without == []
    assert set(VARIANTS) <= set(named.values())


@pytest.mark.qemu
def test_the_right_rules_pass(recorded: Mapping[str, Trace]) -> None:
    for name, trace in recorded.items():
        checked = check.check_trace(trace)
        assert checked.verdict is Verdict.PASS, (name, checked.detail)


@pytest.mark.qemu
def test_every_wrong_rule_is_noticed(recorded: Mapping[str, Trace]) -> None:
    arch = next(iter(recorded.values())).header.environment.arch
    used = {name: check.check_trace(trace).rules for name, trace in recorded.items()}

    def noticed(rule: str, method: str) -> bool:
        """Somewhere; the programs whose right check asked the rule are looked at first."""
        wrong = wrong_rules(method)
        return any(
            check.check_trace(recorded[name], rules=wrong).verdict in NOTICED
            for name in sorted(recorded, key=lambda name: rule not in used[name])
        )

    unnoticed = [
        method
        for rule, method in Rules.methods().items()
        if method in VARIANTS and ONLY.get(method, arch) == arch and not noticed(rule, method)
    ]
    assert unnoticed == []


@pytest.mark.qemu
def test_every_claim_turned_round_fails(
    recorded: Mapping[str, Trace], monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = {claims.HOLDS: claims.CONTRADICTED, claims.CONTRADICTED: claims.HOLDS}
    right = claims.catalogue()
    reached: set[str] = set()
    for name, trace in recorded.items():
        for number in {claim.id for claim in check.check_trace(trace).claims}:
            entry = right[number]
            expected = {line: turn[status] for line, status in entry.expected.items()}
            turned = dict(right) | {number: dataclasses.replace(entry, expected=expected)}
            with monkeypatch.context() as patch:
                patch.setattr("harness.check.claims.catalogue", lambda turned=turned: turned)
                checked = check.check_trace(trace)
            assert checked.verdict is Verdict.CLAIM_FAILED, (name, number)
            reached.add(number)
    assert reached == set(right)
