"""Does the checker catch what it should? Wrong rules and turned claims on real traces."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pytest
from quality.conftest import PROGRAMS, ROOT
from quality.variants import VARIANTS, notices, suspects
from quality.variants_guard import GUARDS
from quality.variants_uffd import WRITE_PROTECT

from harness import check, claims, language, layout
from harness.model import REGISTRY, traced
from harness.model.releases import RELEASES
from harness.model.rules import Rules
from harness.program import Compiled
from harness.trace import Trace
from harness.verdict import Verdict

# What only one architecture can show.
MEMORY_TYPES = (
    "keeps_types",
    "marks_tracked",
    "type_known",
    "type_reserved",
    "type_of_part",
    "type_shrinks",
    "tracked_flags",
    "type_untracks",
    "moved_from_flags",
    "fork_fails",
    "tracks_by_context",
    "context_goes",
)
ONLY = {"phys_wants_user": "arm64", "remote_untags": "arm64"} | dict.fromkeys(
    (
        *("untagged", "takes_gate", "vmas_filled", "anon_outside", "remote_takes_gate"),
        *("swap_kept_pte", "unswapped_protected"),
        *WRITE_PROTECT,
        *MEMORY_TYPES,
    ),
    "x86_64",
)
# What only kernels of some releases can show: the flag that says which, and its value there.
VM_PAT = ("type_shrinks", "tracked_flags", "type_untracks", "moved_from_flags", "fork_fails")
SOME = {
    **dict.fromkeys(GUARDS, ("guards", True)),
    **dict.fromkeys(VM_PAT, ("tracks_by_context", False)),
    "remap_among_others": ("remap_moves_many", True),
    "vvar_keeps_out": ("takes_vvar", True),
    "leaf_touched": ("huge_heeds_vma", True),
    "context_goes": ("tracks_by_context", True),
    "phys_would_fault": ("phys_user_bits", True),
    "phys_wants_user": ("phys_user_bits", False),
    "ioremap_warns": ("phys_one_page", False),
    "mpage_without_bio": ("rw_page", True),
    "rw_page_failed": ("rw_page", True),
}


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
    environment = next(iter(recorded.values())).header.environment
    release = RELEASES[environment.line]
    rules = traced(Rules)
    checked = {name: check.check_trace(trace, rules=rules) for name, trace in recorded.items()}
    unnoticed = [
        method
        for method in VARIANTS
        if ONLY.get(method, environment.arch) == environment.arch
        and (method not in SOME or getattr(release, SOME[method][0]) is SOME[method][1])
        and not any(notices(recorded[name], method) for name in suspects(checked, method))
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
    # Of programs that another architecture has to itself, their claims are its business.
    elsewhere = {claim.id for name in skipped(recorded) for claim in compiled(name).claims}
    claimed = {claim.id for path in PROGRAMS for claim in compiled(named(path)).claims}
    assert reached | elsewhere == claimed


def skipped(recorded: Mapping[str, Trace]) -> list[str]:
    """Shipped programs that were not recorded: their `requires:` is false."""
    return [name for name in map(named, PROGRAMS) if name not in recorded]


def named(path: Path) -> str:
    """What a shipped program is called."""
    return str(path.relative_to(ROOT))


def compiled(name: str) -> Compiled:
    """A shipped program."""
    return layout.compile_program(language.parse((ROOT / name).read_text("utf-8"), name))
