"""Which mutants there are of a module, and what is known of those that nothing notices."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.model_mutants import survivors
from benchmarks.model_mutants.judge import Judged
from benchmarks.model_mutants.mutate import Mutant, sample
from harness.errors import HarnessError

SOURCE = '''"""A module."""

from __future__ import annotations

from typing import TypeVar

__all__ = ["rule"]
T = TypeVar("T", bound=int)
LIMIT = 3


def before(one: int) -> int:
    return one + 1


@rule("a.rule", "6.1 mm/gup.c")
def decided(flags: int | None, size: int = 4) -> bool:
    """It says so."""
    assert flags is not None
    if flags & 1:
        raise ValueError("too much")
    return flags == size
'''


def names(folder: Path, text: str, count: int = 1000) -> set[str]:
    pytest.importorskip("mutmut")
    path = folder / "some.py"
    path.write_text(text)
    mutants, every = sample([path], count, 7)
    assert {one.name for one in mutants} <= every
    return {one.name for one in mutants}


def test_what_decides_nothing_is_left_alone(tmp_path: Path) -> None:
    found = names(tmp_path, SOURCE)
    assert "some:decided: flags & 1 -> flags | 1" in found
    assert "some:<module>: 3 -> 4" in found
    assert not any(
        word in name
        for name in found
        for word in ("a.rule", "TypeVar", "__all__", "It says", "too much", "is not", "int | None")
    )


def test_an_edit_exchanges_only_its_own_mutants(tmp_path: Path) -> None:
    longer = SOURCE.replace("one + 1", "one - one * 7")
    assert {name for name in names(tmp_path, SOURCE) if "decided" in name} == {
        name for name in names(tmp_path, longer) if "decided" in name
    }


def test_a_mutant_knows_which_lines_have_to_run(tmp_path: Path) -> None:
    names(tmp_path, SOURCE)
    lines = {one.name: one.lines for one in sample([tmp_path / "some.py"], 1000, 7)[0]}
    body = SOURCE.splitlines().index("    if flags & 1:") + 1
    assert lines["some:decided: flags & 1 -> flags | 1"] == (body, body)
    assert lines["some:<module>: 3 -> 4"] is None
    default = lines["some:decided: 4 -> 5"]
    assert default is not None
    assert default[0] <= body <= default[1]


def known(path: Path, text: str) -> dict[str, survivors.Survivor]:
    path.write_text(text)
    return survivors.read(path)


ENTRY = '[[survivor]]\nmutant = "zap:own: 0 -> 1"\nreason = "equivalent"\nwhy = "so"\n'


def test_an_entry_that_is_not_true_any_more_is_found(tmp_path: Path) -> None:
    entries = known(tmp_path / "known.toml", ENTRY)
    mutant = Mutant("zap", "own", "0", "1", 1, "number", "", None)
    there = {mutant.name}
    assert survivors.stale(entries, [Judged(mutant, 3, "", "")], there) == []
    assert survivors.stale(entries, [], there) == []
    assert survivors.stale(entries, [], set()) == [mutant.name]
    assert survivors.stale(entries, [Judged(mutant, 3, "a", "MISMATCH")], there) == [mutant.name]


@pytest.mark.parametrize(
    "text", [ENTRY + ENTRY, ENTRY.replace("equivalent", "no idea"), "[[survivor]]\n", "["]
)
def test_a_malformed_list_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(HarnessError, match=r"known\.toml"):
        known(tmp_path / "known.toml", text)


def test_the_list_can_be_read() -> None:
    survivors.read()
