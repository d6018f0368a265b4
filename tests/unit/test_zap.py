"""What is left when pages are taken out: holes of a file, and what statm may say."""

from __future__ import annotations

import pytest

from harness import language, layout
from harness.environment import Environment
from harness.model import Arena, Branch, Model, Rules, Semantics, semantics_for
from harness.model.semantics import FEATURE_SPLIT_RSS

TOUCHED = "m = mmap(pages=80, prot=rw, flags=private|anon)\n" + "".join(
    f'store(m[{page}], "x")\n' for page in range(70)
)


def last(text: str, semantics: Semantics) -> list[Branch]:
    """What the last operation of a program may do; the others do one thing."""
    compiled = layout.compile_program(language.parse(text, "test.mm"))
    model = Model(semantics, Arena(compiled.arena_start, compiled.arena_pages))
    state = model.initial()
    for op in compiled.ops[:-1]:
        (branch,) = model.step(state, op)
        state = branch.state
    return model.step(state, compiled.ops[-1])


def test_statm_counts_exactly_where_counters_are_not_split() -> None:
    (branch,) = last(TOUCHED + "statm()\n", Semantics())
    assert branch.expected.ret == 70


def test_statm_may_lack_what_a_task_has_not_passed_on() -> None:
    branches = last(TOUCHED + "statm()\n", Semantics(split_rss=True))
    assert {branch.expected.ret for branch in branches} == set(range(5, 71))
    assert all(branch.allowances == ("split_rss",) for branch in branches)


def test_statm_lacks_no_more_than_there_was() -> None:
    text = "m = mmap(pages=1, prot=rw, flags=private|anon)\n"
    (none,) = last(text + "statm()\n", Semantics(split_rss=True))
    assert none.expected.ret == 0
    branches = last(text + 'store(m[0], "x")\nstatm()\n', Semantics(split_rss=True))
    assert {branch.expected.ret for branch in branches} == {0, 1}


def test_another_process_may_unmap_what_was_not_told_yet() -> None:
    text = "f = memfd(pages=1)\nm = mmap(pages=1, prot=r, flags=shared, file=f)\nc = fork()\n"
    text += "load(m[0])\nc: ftruncate(f, size=0)\nstatm()\n"
    assert {branch.expected.ret for branch in last(text, Semantics(split_rss=True))} == {-1, 0, 1}
    assert [branch.expected.ret for branch in last(text, Semantics())] == [0]


@pytest.mark.parametrize("features", [0, FEATURE_SPLIT_RSS])
def test_a_guest_says_whether_its_counters_are_split(features: int) -> None:
    environment = Environment("6.1.192", "x86_64", "base", facts={"features": features})
    assert semantics_for(environment).split_rss == bool(features)


@pytest.mark.parametrize(
    ("begin", "length", "first", "end"),
    [
        (0, 1, 0, 1),
        (100, 4096, 0, 1),  # the length is rounded, not the end
        (4095, 2, 0, 1),
        (4096, 4097, 1, 3),
        (16389, 0, 4, (1 << 64) - 1),
        (0, -1, 0, (1 << 64) - 1),  # wraps to a length of 0
        (0, -4096, 0, (1 << 52) - 1),
        ((1 << 64) - 4096, 4096, (1 << 52) - 1, 1 << 52),
    ],
)
def test_holes(begin: int, length: int, first: int, end: int) -> None:
    rules = Rules(Semantics())
    assert rules.hole_begins(begin) == first
    assert rules.hole_ends(first, rules.hole_pages(length)) == end
