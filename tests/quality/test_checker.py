"""Does the checker catch what it should? Wrong rules and turned claims on real traces."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
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

# What only one architecture can show, or only a kernel with an option.
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
    ("untagged", "takes_gate", "vmas_filled", "anon_outside", "remote_takes_gate", *MEMORY_TYPES),
    "x86_64",
)
OPTION = dict.fromkeys(
    ("swap_kept_pte", "unswapped_protected", *WRITE_PROTECT), "HAVE_ARCH_USERFAULTFD_WP"
)
OPTION |= dict.fromkeys(("folds_blocks", "folds_by_last", "move_merges"), "ARM64_CONTPTE")
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
    "thp_knows_owner": ("keeps_own_parts", True),
    "uffd_may_protect": ("uffd_protects_many", False),
    "uffd_protects": ("uffd_keeps_wp", False),
}


def test_every_rule_has_a_wrong_variant() -> None:
    named = Rules.methods()
    assert set(named) == set(REGISTRY)
    without = sorted(rule for rule, method in named.items() if method not in VARIANTS)
    assert without == []
    assert set(VARIANTS) <= set(named.values())


def shown(traces: Mapping[str, Trace]) -> set[str]:
    """The methods whose rules a kernel can show, by its traces."""
    environment = next(iter(traces.values())).header.environment
    release = RELEASES[environment.line]
    return {
        method
        for method in VARIANTS
        if ONLY.get(method, environment.arch) == environment.arch
        and (method not in OPTION or OPTION[method] in environment.options)
        and (method not in SOME or getattr(release, SOME[method][0]) is SOME[method][1])
    }


def unnoticed(traces: Mapping[str, Trace], methods: Iterable[str]) -> list[str]:
    """The methods that could be wrong without any trace noticing; the right ones have to pass."""
    rules = traced(Rules)
    checked = {name: check.check_trace(trace, rules=rules) for name, trace in traces.items()}
    wrong = {name: one.detail for name, one in checked.items() if one.verdict is not Verdict.PASS}
    assert wrong == {}
    return [
        method
        for method in methods
        if not any(notices(traces[name], method) for name in suspects(checked, method))
    ]


@pytest.mark.qemu
def test_every_wrong_rule_is_noticed(recorded: Mapping[str, Trace]) -> None:
    can = shown(recorded)
    assert unnoticed(recorded, [method for method in VARIANTS if method in can]) == []


@pytest.mark.qemu
def test_the_newest_kernel_shows_what_this_one_cannot(
    recorded: Mapping[str, Trace], newest: Mapping[str, Trace]
) -> None:
    assert unnoticed(newest, sorted(shown(newest) - shown(recorded))) == []


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
