"""`pagelab claims` offline: what constructed results say of every claim of the catalogue."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import output
from harness.claims import CONTRADICTED, HOLDS, Entry, catalogue, documents
from harness.environment import OPTIONS, Environment
from harness.errors import HarnessError
from harness.interrupts import interrupts
from harness.jobs import claims as claims_job
from harness.jobs.programs import Source, unmet
from harness.jobs.results import (
    NOT_REACHED,
    ClaimResult,
    Record,
    Result,
    Standing,
    Survey,
)
from harness.jobs.settings import Settings
from harness.report import claims_page, claims_table, results_json
from harness.tree import ROOT
from harness.verdict import Verdict

from .fakes import World
from .records import X86 as PLAIN
from .records import record, result

X86 = replace(PLAIN, options=OPTIONS)
ARM = replace(X86, arch="arm64", cpu="cortex-a57", options=("SECRETMEM",))
ENVIRONMENTS = (X86, ARM)
TURN = {HOLDS: CONTRADICTED, CONTRADICTED: HOLDS}
# Two claims, one of them about one architecture alone, and one that no program can test.
FEW = {
    "X-01": Entry("X-01", "f", ("S0-01",), "it holds", "mm/x.c f", {"6.1": HOLDS}),
    "X-02": Entry(
        "X-02", "f", (), "it does not", "mm/x.c g", {"6.1 arm64": CONTRADICTED}, "x86-64 has none"
    ),
    "X-03": replace(
        next(entry for entry in catalogue().values() if not entry.testable),
        id="X-03",
        sentences=("S0-02",),
    ),
}
TEXT = """# Shows <something> & more.
m = mmap(pages=1, prot=rw, flags=private|anon)
claim X-01: ret == 0

munmap(m)
claim X-02: ret == 1
"""


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    """The shipped programs that say claims."""
    return claims_job.sources()


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Source]:
    """A program that says two claims, in a catalogue of three."""
    known(monkeypatch, FEW)
    path = tmp_path / "programs" / "p.mm"
    path.parent.mkdir()
    path.write_text(TEXT)
    return claims_job.sources(tmp_path / "programs")


@pytest.fixture
def let_go() -> Iterator[None]:
    """What a command holds back at its end is let go for the next one."""
    yield
    interrupts.held = False


def known(monkeypatch: pytest.MonkeyPatch, entries: Mapping[str, Entry]) -> None:
    monkeypatch.setattr("harness.jobs.claims.catalogue", lambda: entries)


def as_expected(
    sources: Sequence[Source], environments: Sequence[Environment] = ENVIRONMENTS
) -> list[Result]:
    """What a kernel gives that shows everywhere what the catalogue expects."""
    return [
        result(source.name, environment, claims=shown(source, environment))
        for source in sources
        for environment in environments
        if unmet(source, environment) is None
    ]


def shown(source: Source, environment: Environment) -> tuple[ClaimResult, ...]:
    entries = catalogue()
    return tuple(
        ClaimResult(claim.id, claim.line, shown=expected == HOLDS)
        for claim in source.compiled.claims
        if (expected := entries[claim.id].expected_in(environment)) is not None
    )


def of(*results: Result, environments: Sequence[Environment] = ENVIRONMENTS) -> Record:
    return record(*results, environments=tuple(environments))


def survey(judged: Record) -> Survey:
    assert judged.survey is not None
    return judged.survey


def standing(judged: Record, claim: str, environment: Environment) -> Standing:
    (report,) = (one for one in survey(judged).reports if one.entry.id == claim)
    (found,) = (one for one in report.standings if one.environment == environment.id)
    return found


# ---- the whole catalogue -----------------------------------------------------------


def test_every_program_with_a_claim_is_run(sources: list[Source]) -> None:
    assert {claim.id for source in sources for claim in source.compiled.claims} <= set(catalogue())
    assert all(source.name.startswith("programs/") for source in sources)
    assert all((ROOT / source.name).read_text("utf-8") == source.text for source in sources)


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda environment: environment.arch)
def test_any_expectation_turned_round_fails(
    sources: list[Source], monkeypatch: pytest.MonkeyPatch, environment: Environment
) -> None:
    for claim, entry in catalogue().items():
        wanted = entry.expected_in(environment)
        if wanted is None:
            continue
        mine = [one for one in sources if any(said.id == claim for said in one.compiled.claims)]
        run = of(*as_expected(mine, [environment]), environments=(environment,))
        known(monkeypatch, {claim: entry})
        assert claims_job.judged(run, mine).exit_code == 0, claim
        key = f"{environment.line} {environment.arch}"
        turned = replace(entry, expected=dict(entry.expected) | {key: TURN[wanted]})
        known(monkeypatch, {claim: turned})
        judged = claims_job.judged(run, mine)
        assert judged.exit_code == 11, claim
        assert not standing(judged, claim, environment).agrees, claim


def test_the_whole_catalogue_as_expected(sources: list[Source]) -> None:
    judged = claims_job.judged(of(*as_expected(sources)), sources)
    standings = [one for report in survey(judged).reports for one in report.standings]
    assert all(one.agrees for one in standings)
    assert {one.observed for one in standings} == {HOLDS, CONTRADICTED}
    assert judged.exit_code == 0
    text = claims_table.render(judged)
    assert len(re.findall(r"^[A-Z]+-\d\d ", text.split("\n\n")[0], re.MULTILINE)) == len(
        catalogue()
    )
    for environment in ENVIRONMENTS:
        assert re.search(rf"^144 sentences on {environment.id}: .* 19 not testable$", text, re.M)


# ---- what a status is --------------------------------------------------------------


def run_of(few: list[Source], *pairs: tuple[bool, bool]) -> Record:
    """X-01 and X-02 as shown on x86-64 and arm64, in one program each."""
    name = few[0].name
    return of(
        *(
            result(name, environment, claims=(ClaimResult("X-01", 3, a), ClaimResult("X-02", 6, b)))
            for environment, (a, b) in zip(ENVIRONMENTS, pairs, strict=False)
        )
    )


def test_a_status_is_what_was_observed(few: list[Source]) -> None:
    judged = claims_job.judged(run_of(few, (True, False), (True, False)), few)
    assert judged.exit_code == 0
    one, two, three = survey(judged).reports
    assert [said.observed for said in one.standings] == [HOLDS, HOLDS]
    assert [said.arch for said in two.standings] == ["arm64"]
    assert two.standings[0].observed == CONTRADICTED
    assert (three.standings, three.programs) == ((), ())
    assert not one.changed


def test_a_claim_that_is_otherwise_fails(few: list[Source]) -> None:
    judged = claims_job.judged(run_of(few, (True, False), (False, False)), few)
    assert judged.exit_code == 11
    assert standing(judged, "X-01", ARM).observed == CONTRADICTED
    assert survey(judged).reports[0].changed
    assert "1 changed from one environment to another" in claims_table.summary(judged)[0]
    assert "  it holds [changed]\n" in claims_table.render(judged)


def test_kernels_and_architectures_have_a_column_each(
    few: list[Source], monkeypatch: pytest.MonkeyPatch
) -> None:
    everywhere = dict.fromkeys(("5.10", "6.1", "7.3"), HOLDS)
    known(monkeypatch, {"X-01": replace(FEW["X-01"], expected=everywhere)})
    others = [replace(one, kernel=kernel) for kernel in ("5.10.9", "7.3.4") for one in ENVIRONMENTS]
    environments = (*ENVIRONMENTS, *others)
    name = few[0].name
    claimed = (ClaimResult("X-01", 3, True),)
    shown = (result(name, one, claims=claimed) for one in environments)
    judged = claims_job.judged(of(*shown, environments=environments), few)
    head, first = claims_table.render(judged).splitlines()[:2]
    assert head.split() == ["claim", "api", *(one.id for one in environments), "says"]
    assert first.split()[2:-2] == ["holds"] * len(environments)
    narrow = claims_table.render(judged, width=100)
    assert narrow.startswith(f"[1] {X86.id}\n[2] {ARM.id}\n[3] 5.10.9-x86_64-base\n")
    assert "[5]" in narrow.split("\n\n")[1].splitlines()[0]


def test_a_claim_is_about_every_place(few: list[Source]) -> None:
    name = few[0].name
    both = (ClaimResult("X-01", 3, True), ClaimResult("X-01", 5, False))
    judged = claims_job.judged(of(result(name, X86, claims=both), environments=(X86,)), few)
    assert standing(judged, "X-01", X86).observed == CONTRADICTED
    assert not standing(judged, "X-01", X86).agrees
    mixed = replace(standing(judged, "X-01", X86), expected=CONTRADICTED)
    assert not mixed.agrees


def test_what_was_not_reached_fails(few: list[Source]) -> None:
    name = few[0].name
    half = of(
        result(name, X86, claims=(ClaimResult("X-01", 3, True),)),
        result(name, ARM, Verdict.SKIPPED, trace=None),
    )
    judged = claims_job.judged(half, few)
    assert judged.exit_code == 11
    assert standing(judged, "X-01", X86).agrees
    assert standing(judged, "X-01", ARM).observed == NOT_REACHED
    text = claims_table.render(judged)
    assert f"X-01  not reached, expected: holds  ({ARM.id})\n  {name}  SKIPPED\n" in text
    assert "NOT REACHED" in text
    nobody = [replace(few[0], compiled=replace(few[0].compiled, claims=()))]
    lonely = claims_job.judged(of(*(result(name, one) for one in ENVIRONMENTS)), nobody)
    assert lonely.exit_code == 11
    assert "  no program says it\n" in claims_table.render(lonely)


def test_an_environment_for_some_programs_is_asked_for_their_claims(few: list[Source]) -> None:
    other = replace(few[0], name="programs/q.mm", compiled=replace(few[0].compiled, claims=()))
    special = replace(X86, boot_args=("a=1",))
    skipped = result(few[0].name, special, Verdict.SKIPPED, trace=None)
    shows = result(other.name, special), skipped, *run_of(few, (True, False)).results
    judged = claims_job.judged(of(*shows, environments=(X86, special)), [*few, other])
    assert judged.exit_code == 0
    assert [one.environment for one in survey(judged).reports[0].standings] == [X86.id]
    assert survey(judged).sentences(special.id) == {"S0-02": "not_testable"}
    assert [line.split(":")[0] for line in claims_table.summary(judged)] == [
        "3 claims",
        f"2 sentences on {X86.id}",
    ]
    alone = claims_job.judged(of(*shows[:2], environments=(special,)), [*few, other])
    assert alone.exit_code == 11


def test_where_nothing_ran_the_reason_decides(few: list[Source]) -> None:
    name = few[0].name
    lost = of(*(result(name, one, Verdict.BOOT_FAILED, trace=None) for one in ENVIRONMENTS))
    assert claims_job.judged(lost, few).exit_code == 20
    good = replace(run_of(few, (True, False)), exit_code=130)
    stopped = claims_job.judged(good, few)
    assert stopped.exit_code == 130
    assert "  not reached, expected" not in claims_table.render(stopped)


def test_a_kernel_of_which_nothing_is_expected_is_no_pass(few: list[Source]) -> None:
    other = replace(X86, kernel="5.4.1")
    judged = claims_job.judged(of(result(few[0].name, other), environments=(other,)), few)
    assert judged.exit_code == 30


# ---- what it looks like ------------------------------------------------------------


def test_the_json_has_what_the_contract_lists(few: list[Source]) -> None:
    judged = claims_job.judged(run_of(few, (True, False), (False, False)), few)
    value = json.loads(results_json.render(judged))
    assert (value["schema"], value["exit_code"]) == (1, 11)
    one, two, three = value["claims"]
    wanted = {"id": "X-01", "api": "f", "sentences": ["S0-01"], "testable": True, "why_not": None}
    assert wanted.items() <= one.items()
    assert one["programs"] == [few[0].name]
    assert one["changed"] is True
    row = {"environment": ARM.id, "kernel": ARM.kernel, "arch": "arm64", "agrees": False}
    row |= {"expected": "holds", "observed": "contradicted"}
    assert row.items() <= one["by_environment"][1].items()
    assert [row["arch"] for row in two["by_environment"]] == ["arm64"]
    assert three["why_not"] == FEW["X-03"].untestable.value  # type: ignore[union-attr]
    assert (three["testable"], three["programs"], three["by_environment"]) == (False, [], [])
    assert value["sentences"] == {
        X86.id: {"S0-01": "holds", "S0-02": "not_testable"},
        ARM.id: {"S0-01": "contradicted", "S0-02": "not_testable"},
    }
    assert "claims" not in json.loads(results_json.render(record(result())))


def test_the_table_without_a_terminal_is_a_line_a_claim(few: list[Source]) -> None:
    judged = claims_job.judged(run_of(few, (True, False), (False, False)), few)
    lines = claims_table.render(judged).splitlines()
    assert lines[0].split() == ["claim", "api", X86.id, ARM.id, "says"]
    assert lines[1].split()[:4] == ["X-01", "f", "holds", "CONTRADICTED"]
    assert lines[2].split()[:5] == ["X-02", "f", "-", "contradicted", "it"]
    assert lines[3].split()[2:6] == ["not", "testable", "not", "testable"]
    assert lines[5:7] == [
        f"X-01  contradicted, expected: holds  ({ARM.id})",
        f"  {few[0].name}:3  refuted",
    ]
    assert "\x1b" not in "".join(lines)
    assert lines[-1] == "runs/r"
    assert lines[-2].endswith("exit code 11")
    assert lines[-5:-2] == [
        "3 claims: 1 hold, 2 contradicted; 1 not as expected; "
        "1 changed from one environment to another",
        f"2 sentences on {X86.id}: 1 hold, 1 not testable",
        f"2 sentences on {ARM.id}: 1 contradicted, 1 not testable",
    ]
    assert "X-01 " not in claims_table.render(judged, quiet=True).split("X-01  contra")[0]


def test_the_table_on_a_terminal(few: list[Source], monkeypatch: pytest.MonkeyPatch) -> None:
    judged = claims_job.judged(run_of(few, (True, False), (True, False)), few)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[32mholds" in claims_table.render(judged, width=100)
    monkeypatch.setenv("NO_COLOR", "1")
    plain = claims_table.render(judged, width=100)
    assert "\x1b[3" not in plain
    table = re.sub(r"\x1b\[[0-9;]*m", "", plain).split("\n\n")[0]
    assert max(map(len, table.splitlines())) <= 100


def test_many_places_are_counted(few: list[Source]) -> None:
    many = tuple(ClaimResult("X-01", line, False) for line in range(1, 7))
    judged = claims_job.judged(of(result(few[0].name, X86, claims=many), environments=(X86,)), few)
    assert "  ... and 2 more places" in claims_table.render(judged)
    assert f"  {few[0].name}:6  refuted" in claims_table.render(judged, verbose=True)


def test_the_page_has_each_sentence_and_what_decides(sources: list[Source]) -> None:
    judged = claims_job.judged(of(*as_expected(sources)), sources)
    page = claims_page.render(judged)
    for document in documents():
        assert f'<h2 id="{document.id}">' in page
        for sentence in document.sentences:
            assert f'<h3 id="{sentence.id}">{sentence.id}: ' in page
    ids = re.findall(r'id="(claim-[^"]+)"', page)
    assert sorted(ids) == sorted(f"claim-{name}" for name in catalogue())
    targets = set(re.findall(r'href="#([^"]+)"', page))
    assert targets <= set(re.findall(r' id="([^"]+)"', page))
    outside = re.findall(r'(?:src|href)="(?!#)', page)
    assert not outside
    assert not re.search(r"<script|@import|url\(", page)


def test_the_page_of_a_few(few: list[Source]) -> None:
    judged = claims_job.judged(run_of(few, (True, False), (False, False)), few)
    page = claims_page.render(judged)
    assert (
        "<pre>m = mmap(pages=1, prot=rw, flags=private|anon)\n<b>claim X-01: ret == 0</b></pre>"
        in page
    )
    assert "<pre>munmap(m)\n<b>claim X-02: ret == 1</b></pre>" in page
    assert "contradicted, expected: holds" in page
    assert "# Shows &lt;something&gt; &amp; more." in page
    assert f"shown ({X86.id}), refuted ({ARM.id})" in page
    assert '<span class="quiet">Shows &lt;something&gt; &amp; more.</span>' in page
    assert '<h2 id="wrong">' in page
    assert "x86-64 has none" in page
    good = claims_page.render(claims_job.judged(run_of(few, (True, False), (True, False)), few))
    assert '<h2 id="wrong">' not in good


# ---- the command -------------------------------------------------------------------


@pytest.mark.usefixtures("let_go")
def test_the_command_writes_and_fails(
    few: list[Source], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = output.Files(tmp_path / "c.json", html=tmp_path / "c.html")

    def go(world: World, **more: Any) -> int:
        values: dict[str, Any] = {"jobs": 2, "files": files, "quiet": False, "verbose": False}
        return output.claims(Settings(), backend=world, sources=few, **(values | more))

    assert go(World(), out=tmp_path / "run") == 11
    said = capsys.readouterr().out.splitlines()
    assert said[0].split()[:2] == ["claim", "api"]
    assert said[-2].endswith("exit code 11")
    assert said[-1] == str(tmp_path / "run")
    value = json.loads((tmp_path / "c.json").read_text())
    assert value["claims"] == json.loads((tmp_path / "run/results.json").read_text())["claims"]
    assert (tmp_path / "c.html").read_text().startswith("<!DOCTYPE html>")
    interrupts.held = False
    error = HarnessError("no network: check it")
    world = World(builds={"x86_64": error, "arm64": error})
    assert go(world, out=tmp_path / "none") == 23
    assert capsys.readouterr().err == "pagelab: no network: check it\n"
