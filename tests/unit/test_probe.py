"""Probing: its table of telling programs, what a command's end makes of it, how it is shown."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest

from harness import commands, output
from harness.arch import arch_named
from harness.cache import Cache
from harness.check.probe import Found, Standing, Told
from harness.environment import Environment
from harness.errors import UsageError
from harness.jobs import probe as probe_job
from harness.jobs.backend import Choice
from harness.jobs.probe import Asked, Recorder
from harness.jobs.results import Probe
from harness.model.releases import RELEASES, Release, values_of
from harness.model.telling import TELLING, programs
from harness.progress import SILENT
from harness.report import probe_table, results_json
from harness.trace import Header, Trace
from harness.verdict import Verdict

from .fakes import World
from .records import record, result

ROOT = Path(__file__).parents[2]
OWN = Environment("6.5.3", "x86_64", cpu="Nehalem", own="../linux", nearest="6.1")


def told(flag: str, value: int | str, start: int | str) -> Told:
    return Told(flag, Standing.TOLD, value, start, TELLING[flag].programs)


SAME = told("vmas", True, True)
OTHER = told("zap_range", False, True)
OPEN = Told("rw_page", Standing.OPEN, True, True, (), "no program that tells it ran")
UNFIT = Told("vmas", Standing.UNFIT, True, True, ("programs/a.mm",), "munmap(m): outcome differs")


def test_every_flag_has_a_telling_program_and_every_program_is_there() -> None:
    assert set(TELLING) == {field.name for field in fields(Release)}
    assert all(telling.programs for telling in TELLING.values())
    assert [name for name in programs() if not (ROOT / name).is_file()] == []


def test_every_flag_differs_between_releases() -> None:
    assert [field.name for field in fields(Release) if len(values_of(field.name)) == 1] == []


def test_releases_are_those_that_have_all_that_was_told() -> None:
    assert Found((SAME, OPEN)).releases == ("5.10", "6.1")
    assert Found((SAME, OTHER)).releases == ()
    assert Found((UNFIT,)).releases == ()
    assert Found((OPEN,)).releases == tuple(RELEASES)


@pytest.mark.parametrize(
    ("found", "accepted", "fine"),
    [((SAME,), False, True), ((SAME, OTHER), False, False), ((UNFIT,), True, True)],
)
def test_only_what_a_release_has_is_fine(
    found: tuple[Told, ...], accepted: bool, fine: bool
) -> None:
    assert Probe(("e",), "6.1", Found(found), accepted=accepted).fine is fine


def test_the_recorder_judges_nothing() -> None:
    source = probe_job.sources()[0]
    recorder = Recorder(World())
    recorder.prepare("6.1", arch_named("x86_64"), Choice(), SILENT)
    trace = Trace(Header(OWN, source.name, source.text), (), complete=True, ending=None)
    said = recorder.check(trace, source.compiled)
    assert (said.verdict, said.checked) == (Verdict.UNCHECKED, 0)
    assert list(recorder.keys.values()) == [""]


def test_without_a_trace_nothing_is_learnt(tmp_path: Path) -> None:
    lost = record(
        result(environment=OWN, verdict=Verdict.GUEST_LOST, trace=None), environments=(OWN,)
    )
    done = probe_job.judged(lost, {OWN.id: "key"}, Cache(tmp_path), Asked())
    assert (done.probes, done.exit_code) == ((), 21)
    skipped = record(result(environment=OWN, verdict=Verdict.SKIPPED), environments=(OWN,))
    assert probe_job.judged(skipped, {}, Cache(tmp_path), Asked()).exit_code == 30
    stopped = replace(skipped, exit_code=130)
    assert probe_job.judged(stopped, {}, Cache(tmp_path), Asked()).exit_code == 130


def test_what_was_learnt_is_printed() -> None:
    name = TELLING["rw_page"].programs[0]
    made = Probe((OWN.id,), "6.1", Found((SAME, OTHER, OPEN)), unrun={name: "here: SKIPPED x"})
    said = record(result(environment=OWN), environments=(OWN,), probes=(made,))
    text = probe_table.render(said)
    assert f"{OWN.id}: flags, starting from 6.1" in text
    assert f"vmas       true   the same  {SAME.programs[0]}" in text
    assert f"rw_page    true   kept      not told: {name}: here: SKIPPED x" in text
    assert "differs from 6.1: zap_range is false, not true" in text
    assert "2 of 3 flags told, 1 kept as 6.1 has them; no known release has this set" in text
    assert "--accept-probed" in text
    assert "flag" not in probe_table.render(said, quiet=True).split("differs")[0]
    json.loads(results_json.render(said))
    flags = results_json.to_json(said)["probes"][0]["flags"]
    assert [one["differs"] for one in flags] == [False, True, False]


@pytest.mark.parametrize(
    ("probe", "says"),
    [
        (Probe(("e",), "6.1", Found((SAME,))), "as in 5.10 and 6.1: its results say probed"),
        (Probe(("e",), "6.1", Found((OPEN,))), "as in 5.10, 6.1, 6.12 and 7.3: "),
        (Probe(("e",), "6.1", Found((SAME,)), known=True), "judged by its own line's flags"),
        (Probe(("e",), "6.1", Found((UNFIT,))), "no value fits: vmas: munmap(m)"),
        (Probe(("e",), "6.1", Found((OTHER, SAME)), accepted=True), "which was accepted"),
    ],
)
def test_what_it_means_is_said(probe: Probe, says: str) -> None:
    assert says in probe_table.render(record(probes=(probe,)))


def test_the_command_says_what_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    def fake(settings: object, asked: Asked, **more: object) -> int:
        seen.extend((settings, asked))
        return 10

    monkeypatch.setattr(output, "probe", fake)
    line = ["kernels", "probe", "-k", "6.1", "-a", "arm64", "--nearest", "5.10", "--accept-probed"]
    assert commands.invoke(line) == 10
    assert seen[1] == Asked("5.10", accept=True)


def test_an_unknown_line_to_start_from_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match=r"4\.4"):
        commands.invoke(["kernels", "probe", "--nearest", "4.4"])
