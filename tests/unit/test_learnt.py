"""By which flags a kernel is judged that pagelab has not met, and how results say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from harness.cache import Cache
from harness.environment import ASSUMED, KNOWN, PROBED, Environment
from harness.errors import UsageError
from harness.jobs import learnt
from harness.jobs.learnt import Learnt
from harness.model.releases import RELEASES, values_of, with_flags
from harness.model.semantics import semantics_for
from harness.report import junit, ktap, results_json, terminal

from .records import record, result

UNMET = Environment("6.5.3", "x86_64", cpu="Nehalem", own="../linux", nearest="6.1")
SAID = Learnt("6.12", {"zap_range": True, "fast_function": "gup_fast_fallback"})


def test_the_values_of_a_flag_are_those_of_the_releases() -> None:
    assert values_of("zap_range") == [True, False]
    assert values_of("fast_function") == ["internal_get_user_pages_fast", "gup_fast_fallback"]


@pytest.mark.parametrize("flags", [{"no_such": True}, {"vmas": 1}, {"fast_function": True}])
def test_flags_of_another_pagelab_are_turned_down(flags: Mapping[str, int | str]) -> None:
    with pytest.raises(UsageError, match="probe it again"):
        with_flags(RELEASES["6.1"], flags)


def test_a_kernel_that_was_not_probed_has_the_nearest_flags(tmp_path: Path) -> None:
    judged = learnt.judged(UNMET, "key", Cache(tmp_path))
    assert (judged, judged.semantics) == (UNMET, ASSUMED)
    assert semantics_for(judged).release == RELEASES["6.1"]


def test_what_was_learnt_goes_with_the_kernel(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    learnt.keep(cache, "key", SAID)
    judged = learnt.judged(UNMET, "key", cache)
    assert (judged.semantics, judged.nearest, judged.learnt) == (PROBED, "6.12", SAID.flags)
    assert semantics_for(judged).release == replace(RELEASES["6.12"], zap_range=True)
    assert learnt.judged(UNMET, "other", cache).semantics == ASSUMED


def test_a_kernel_of_the_table_is_known_whatever_was_learnt(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    learnt.keep(cache, "key", SAID)
    mine = Environment("6.1.192", "x86_64")
    assert (learnt.judged(mine, "key", cache), mine.semantics) == (mine, KNOWN)
    own = replace(mine, own="../linux")
    assert learnt.judged(own, "other", cache).semantics == ASSUMED


@pytest.mark.parametrize(
    "change",
    [{"asked": ["vmas"]}, {"nearest": "1.0"}, {"flags": {"vmas": "x"}}, {"flags": 3}],
)
def test_a_note_that_does_not_fit_is_none(tmp_path: Path, change: Mapping[str, object]) -> None:
    cache = Cache(tmp_path)
    learnt.keep(cache, "key", SAID)
    note = cache.note("probed-key")
    assert note is not None
    cache.write_note("probed-key", {**note, **change})
    assert learnt.kept(cache, "key") is None


def test_an_environment_carries_it() -> None:
    judged = replace(UNMET, nearest="6.12", learnt=SAID.flags)
    assert Environment.from_json(judged.to_json()) == judged
    assert Environment.from_json({"kernel": "6.1.192", "arch": "arm64"}).semantics == KNOWN
    for wrong in ({"learnt": {"vmas": [1]}}, {"nearest": 6}):
        with pytest.raises(ValueError, match="cannot be"):
            Environment.from_json(judged.to_json() | wrong)


def test_results_never_call_it_known() -> None:
    judged = replace(UNMET, nearest="6.12", learnt=SAID.flags)
    said = record(result(environment=judged), environments=(judged,))
    told = "probed (6.12, but for zap_range)"
    assert f"{judged.id}: semantics {told}" in terminal.render(said)
    assert f'name="semantics" value="{told}"' in junit.render(said)
    assert f"# semantics: {told}" in ktap.render(said)
    assert results_json.to_json(said)["environments"][0]["semantics"] == PROBED


def test_results_of_a_known_kernel_say_so() -> None:
    said = record(result())
    assert "semantics" not in terminal.render(said)
    assert 'name="semantics" value="known"' in junit.render(said)
    assert "# semantics: known" in ktap.render(said)
