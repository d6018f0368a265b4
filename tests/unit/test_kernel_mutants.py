"""The kernel mutants' patches, and what is made of the results that programs give with one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks import kernel_mutants, mutant_campaign, mutant_tree
from benchmarks.mutant_tree import Mutant
from harness import language, layout
from harness.errors import UsageError
from harness.jobs.campaign.values import Finding
from harness.jobs.programs import Source
from harness.jobs.results import Result, infrastructure_detail
from harness.model.rules import Rules
from harness.verdict import Verdict

TEXT = """m = mmap(pages=1, prot=rw, flags=private|anon)
store(m[0], "a")
n = mremap(m, new_pages=1)
"""
MUTANT = Mutant("wrong", "mm/mremap.c move_ptes", "all", ("mremap.pte",), ("mremap",))


def source(name: str) -> Source:
    return Source(name, Path(name), TEXT, layout.compile_program(language.parse(TEXT, name)))


def result(name: str, verdict: Verdict, operation: int | None = None) -> Result:
    detail = None if operation is None else infrastructure_detail("", operation=operation)
    return Result(name, "6.1", "6.1.192", "x86_64", verdict, 3, 3, detail=detail)


def judged(*results: Result) -> kernel_mutants.Found:
    sources = [source(one.program) for one in results]
    return kernel_mutants.judged(MUTANT, results, sources)


CLEAN = result(kernel_mutants.EMPTY, Verdict.PASS)


def test_there_are_enough_each_in_a_function_of_its_own() -> None:
    mutants = mutant_tree.mutants()
    assert len(mutants) >= 16
    assert len({one.function for one in mutants}) == len(mutants)
    assert all(re.match(r"(mm/\w+\.c|fs/mpage\.c) \w+$", one.function) for one in mutants)


@pytest.mark.parametrize("mutant", mutant_tree.mutants(), ids=lambda one: one.name)
def test_a_patch_is_what_its_head_says(mutant: Mutant) -> None:
    text = (mutant_tree.PATCHES / f"{mutant.name}.patch").read_text("utf-8")
    file, _ = mutant.function.split()
    assert re.findall(r"^\+\+\+ b/(\S+)$", text, re.MULTILINE) == [file]
    assert text.count(f"+PAGELAB_MUTANT({mutant.name});\n") == 1
    assert re.search(rf"^\+.*\bmutant_{mutant.name}\b", text, re.MULTILINE)
    assert mutant.rules
    assert set(mutant.rules) <= Rules.methods().keys()


def test_the_document_has_each() -> None:
    text = (mutant_tree.PATCHES / "README.md").read_text("utf-8")
    listed = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    assert listed == [
        (one.name, one.function, one.breaks, ", ".join(f"`{rule}`" for rule in one.rules))
        for one in mutant_tree.mutants()
    ]


def test_an_unknown_name_is_said() -> None:
    with pytest.raises(UsageError, match="no mutant nobody: choose of"):
        mutant_tree.named(["nobody"])
    assert mutant_tree.named([]) == mutant_tree.mutants()


def test_a_mismatch_counts_and_the_earliest_is_shown() -> None:
    found = judged(
        CLEAN,
        result("a", Verdict.PASS),
        result("b", Verdict.MISMATCH, 2),
        result("c", Verdict.MISMATCH, 1),
    )
    assert (found.verdict, found.program, found.call) == (Verdict.MISMATCH, "c", "store")
    assert found.operations == 2


def test_a_fault_counts_at_the_calls_that_the_mutant_names_alone() -> None:
    assert judged(CLEAN, result("a", Verdict.KERNEL_FAULT, 1)).verdict is None
    assert judged(CLEAN, result("a", Verdict.KERNEL_FAULT)).verdict is None
    found = judged(CLEAN, result("a", Verdict.KERNEL_FAULT, 2), result("b", Verdict.FLAKY, 0))
    assert (found.verdict, found.call) == (Verdict.KERNEL_FAULT, "mremap")


def test_a_mutant_that_breaks_everything_does_not_count() -> None:
    found = judged(result(kernel_mutants.EMPTY, Verdict.MISMATCH, 0), result("a", Verdict.PASS))
    assert found.verdict is None
    assert found.unclean == "empty: MISMATCH"


def test_what_ends_otherwise_than_on_the_base_is_said() -> None:
    base = [result("a", Verdict.PASS), result("b", Verdict.PASS)]
    assert kernel_mutants.differences(base, base) == []
    assert kernel_mutants.differences(base, [base[0], result("b", Verdict.MISMATCH, 1)]) == [
        "b: MISMATCH (3 checked), and PASS (3 checked) where nothing was patched"
    ]


@pytest.mark.parametrize(
    ("verdict", "text", "its"),
    [
        (Verdict.MISMATCH, "", True),
        (Verdict.KERNEL_FAULT, "n = c: begin mremap(m, new_pages=1): oops at move_ptes", True),
        (Verdict.KERNEL_FAULT, "mremap(m, new_pages=1): oops at move_ptes", True),
        (Verdict.KERNEL_FAULT, "munmap(m): oops at zap_pte_range", False),
        (Verdict.KERNEL_FAULT, "oops at zap_pte_range", False),
        (Verdict.GUEST_LOST, "", False),
    ],
)
def test_what_a_campaign_finds_is_a_mutants(verdict: Verdict, text: str, its: bool) -> None:
    finding = Finding(
        "1", "mremap.pte: pte", verdict, 1, "6.1", "6.1.192", "x86_64", "alone", "1.mm", 3,
        detail={"text": text},
    )  # fmt: skip
    assert mutant_campaign.is_its(finding, MUTANT, frozenset()) is its
    assert not mutant_campaign.is_its(finding, MUTANT, frozenset({finding.cause}))
