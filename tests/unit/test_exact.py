"""What counts as exact."""

from __future__ import annotations

import pytest

from harness.abi import Code
from harness.check.exact import FIELDS, Exactness, Share, Tally, open_fields, total
from harness.model import Branch, Expected
from harness.model.calls import value
from harness.model.content import EMPTY
from harness.model.state import Page, State


def branch(expected: Expected, state: State) -> Branch:
    return Branch(expected, state, (), ())


def with_page(ref: int) -> State:
    """A state with one mapped page that has just changed."""
    state = State()
    page = Page(0, EMPTY)
    page.ref, page.users = ref, 1
    state.pages[1] = state.own[1] = page
    return state


def test_one_way_is_exact() -> None:
    tally = Tally()
    tally.add(Code.MMAP, [branch(value(0), State())], seen=True)
    found = tally.result()
    assert found.operations == Share(1, 1)
    assert found.calls == {"mmap": Share(1, 1)}
    assert found.fields == {name: Share(1, 1) for name in FIELDS}


def test_two_ways_to_the_same_are_exact() -> None:
    assert open_fields([branch(value(0), with_page(1)), branch(value(0), with_page(1))]) == set()


def test_a_field_that_differs_is_not_exact() -> None:
    tally = Tally()
    ways = [branch(value(1), with_page(2)), branch(value(1), with_page(3))]
    assert open_fields(ways) == {"ref"}
    tally.add(Code.LOAD, ways, seen=True)
    tally.add(Code.LOAD, ways[:1], seen=True)
    found = tally.result()
    assert found.operations == found.calls["load"] == found.fields["ref"] == Share(1, 2)
    assert found.fields["map"] == Share(2, 2)


def test_an_outcome_that_differs_is_not_exact() -> None:
    assert open_fields([branch(value(1), State()), branch(value(2), State())]) == {"outcome"}


def test_what_only_one_way_touches_counts() -> None:
    assert open_fields([branch(value(0), State()), branch(value(0), with_page(1))]) == {
        "ref",
        "map",
        "flags",
        "tail",
        "pins",
        "content",
    }


@pytest.mark.parametrize("field", FIELDS)
def test_without_a_snapshot_only_the_outcome_was_compared(field: str) -> None:
    tally = Tally()
    tally.add(Code.MMAP, [branch(value(0), State())], seen=False)
    found = tally.result()
    assert found.operations == Share(0, 1)
    assert found.fields[field] == Share(int(field == "outcome"), 1)


def test_totals() -> None:
    one = Exactness(Share(1, 2), {"mmap": Share(1, 2)}, {"ref": Share(1, 2)})
    other = Exactness(Share(3, 3), {"load": Share(3, 3)}, {"ref": Share(3, 3)})
    assert total([one, other]) == Exactness(
        Share(4, 5), {"load": Share(3, 3), "mmap": Share(1, 2)}, {"ref": Share(4, 5)}
    )
    assert total([]).operations.ratio == 1.0
