"""Comparing environments, on traces of guests that follow the model of theirs, or almost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import fakeguest
import pytest
import shipped

from harness import abi, comparing, language, layout, output, trace
from harness.abi import Kind
from harness.compare import Compared, compare_traces
from harness.compare.contrast import OUTCOME
from harness.compare.explain import Cause, smallest
from harness.compare.explain import Kind as Why
from harness.environment import Environment
from harness.errors import UsageError
from harness.interrupts import interrupts
from harness.jobs import check as check_job
from harness.jobs import compare as compare_job
from harness.jobs.results import Record
from harness.jobs.settings import Settings
from harness.model import Semantics, semantics_for
from harness.model.flags import differing, turned
from harness.model.releases import RELEASES
from harness.model.semantics import FEATURE_SPLIT_RSS
from harness.report import comparison_page, comparison_text, results_json
from harness.trace import Ending, Outcome, Trace

from .fakes import END, World

OLD = fakeguest.ENVIRONMENT
NEW = replace(OLD, kernel="7.3.4")
# What that call gives, and which function warns of it.
REFUSED = ("pin_get_error", "one_check")
GET = (
    'm = mmap(pages=1, prot=rw, flags=private|anon)\nstore(m[0], "x")\n'
    "h = pin_user_pages(m[0], nr=1, gup_flags=GET)\nmunmap(m)\n"
)
# A page of its own or not, after mprotect: what comes later differs by what came of that.
UPGRADE = (
    'm = mmap(pages=1, prot=rw, flags=private|anon)\nstore(m[0], "x")\n'
    "mprotect(m, prot=r)\nmprotect(m, prot=rw)\nload(m[0], 1)\n"
    "h = pin_user_pages(m[0], nr=1, gup_flags=GET)\nc = fork()\nc: exit()\n"
)


def pair(
    text: str,
    one: Environment = OLD,
    other: Environment = NEW,
    alter: Callable[[Outcome], Outcome] = lambda outcome: outcome,
    semantics: Semantics | None = None,
) -> Compared:
    """A program on two fake guests; the second one's outcomes may be altered."""
    compiled = layout.compile_program(language.parse(text, "fake.mm"))
    traces = (
        fakeguest.run(text, compiled=compiled, environment=one),
        fakeguest.run(text, compiled=compiled, environment=other, alter=alter, semantics=semantics),
    )
    return compare_traces(*traces, compiled)


def causes(compared: Compared) -> list[tuple[int, Cause]]:
    return [(one.line, one.cause) for one in compared.differing]


def flag(*names: str, follows: bool = False) -> Cause:
    return Cause(Why.FLAG, (names,), follows)


# ---- flags -----------------------------------------------------------------------


def test_flags_that_differ_have_their_meaning_and_can_be_turned() -> None:
    one, other = semantics_for(OLD), semantics_for(NEW)
    found = differing(one, other)
    assert found["pin_get_error"].one == RELEASES["6.1"].pin_get_error
    assert "mm/gup.c" in found["pin_get_error"].meaning
    assert all(known.meaning for known in found.values())
    assert turned(one, other, ()) == one
    assert turned(one, other, tuple(found)) == other
    assert set(differing(one, turned(one, other, ("vmas",)))) == {"vmas"}
    assert differing(one, one) == {}


def test_the_smallest_sets_are_found() -> None:
    names = ("a", "b", "c", "d")

    def needs(*wanted: str) -> Callable[[tuple[str, ...]], bool]:
        return lambda some: set(wanted) <= set(some)

    assert smallest(needs(), names) == ((),)
    assert smallest(needs("b"), names) == (("b",),)
    assert smallest(lambda some: bool({"a", "c"} & set(some)), names) == (("a",), ("c",))
    assert smallest(needs("a", "d"), names) == (("a", "d"),)
    assert smallest(needs("a", "b", "d"), names) == (("a", "b", "d"),)
    assert smallest(needs("e"), names) is None


# ---- what differs, and why ---------------------------------------------------------


def test_the_same_kernel_does_not_differ_from_itself() -> None:
    found = pair(UPGRADE, OLD, replace(OLD, kernel="6.1.193"))
    assert (found.operations, found.of, found.differing, found.flags) == (8, 8, (), {})


def test_a_flag_explains_an_operation() -> None:
    found = pair(GET)
    assert causes(found) == [(3, flag(*REFUSED))]
    (item,) = found.differing[0].items
    assert (item.key, item.what) == (OUTCOME, "outcome")
    assert (item.one.split(",")[0], item.other.split(",")[0]) == ("-EINVAL", "0")


def test_what_follows_is_told_from_what_an_operation_decides() -> None:
    found = pair(UPGRADE, replace(OLD, kernel="5.10.251"), replace(OLD, kernel="6.1.192"))
    own = [(line, cause) for line, cause in causes(found) if not cause.follows]
    assert own == [(4, flag("upgrades_private"))]
    assert {cause for _, cause in causes(found)} <= {
        flag("upgrades_private"),
        flag("upgrades_private", follows=True),
        flag("exclusive", follows=True),
        flag("upgrades_private", "exclusive", follows=True),
    }
    for one in found.differing:
        for item in one.items:
            assert item.one != item.other


def test_two_causes_are_kept_apart() -> None:
    found = dict(causes(pair(UPGRADE, replace(OLD, kernel="5.10.251"), NEW)))
    assert found[6].flags == (REFUSED,)
    assert found[4].flags != found[6].flags


def altered(line: int, **changes: object) -> Callable[[Outcome], Outcome]:
    def alter(outcome: Outcome) -> Outcome:
        return replace(outcome, **changes) if outcome.operation == line - 1 else outcome  # type: ignore[arg-type]

    return alter


def test_what_no_model_allows_is_unexplained_and_ends_it() -> None:
    found = pair(GET, alter=altered(2, ret=5))
    (only,) = found.differing
    assert (only.line, only.cause.kind, found.operations) == (2, Why.UNEXPLAINED, 2)
    assert [(item.one, item.other) for item in only.items] == [
        ("1", "5"),
        ("allowed", "not allowed: outcome differs"),
    ]


def test_what_both_got_wrong_alike_is_unexplained_too() -> None:
    wrong = fakeguest.run(GET, alter=altered(2, ret=5))
    compiled = layout.compile_program(language.parse(GET, "fake.mm"))
    (only,) = compare_traces(wrong, wrong, compiled).differing
    assert only.cause.kind is Why.UNEXPLAINED


def test_what_either_may_do_is_allowed_on_both() -> None:
    text = (
        "m = mmap(pages=4, prot=rw, flags=private|anon)\n"
        'store(m[0], "x")\nstore(m[1], "y")\nstatm()\n'
    )
    told = fakeguest.run(text).outcomes[-1].ret
    found = pair(text, OLD, OLD, alter=altered(4, ret=told + 1))
    assert causes(found) == [(4, Cause(Why.BOTH))]


def test_what_only_one_may_do_is_its_flag() -> None:
    """The second shows what the first may do too, but what the first shows it never does."""
    text = 'm = mmap(pages=1, prot=rw, flags=private|anon)\nstore(m[0], "x")\nstatm()\n'
    exact = replace(
        OLD, facts=dict(OLD.facts) | {"features": fakeguest.FEATURES & ~FEATURE_SPLIT_RSS}
    )
    told = fakeguest.run(text, environment=exact).outcomes[-1].ret
    late = fakeguest.run(text, alter=altered(3, ret=told - 1))
    compiled = layout.compile_program(language.parse(text, "fake.mm"))
    always = fakeguest.run(text, environment=exact)
    for traces in ((late, always), (always, late)):
        assert causes(compare_traces(*traces, compiled)) == [(3, flag("split_rss"))]


def test_a_snapshot_at_the_end_is_compared_whole() -> None:
    text = "".join(UPGRADE.splitlines(keepends=True)[:5])
    traces = [
        fakeguest.run(text, observe="end", environment=replace(OLD, kernel=kernel))
        for kernel in ("5.10.251", "6.1.192")
    ]
    compiled = layout.compile_program(language.parse(text, "fake.mm"))
    found = compare_traces(traces[0], traces[1], compiled)
    assert causes(found) == [(5, flag("upgrades_private", "exclusive", follows=True))]
    assert found.differing[0].items[0].what == "PTE main: m[0]"


@pytest.mark.parametrize("kernel", [line for line in RELEASES if line != "6.1"])
def test_shipped_programs_are_explained(kernel: str) -> None:
    """Between models, of what fake guests do: nothing is unexplained, and no side is lost."""
    other = replace(OLD, kernel=f"{kernel}.9")
    # A few; none of those whose huge pages take a second each.
    for source in shipped.meant_for(OLD, other)[11::24]:
        found = pair(source.text, OLD, other)
        assert found.operations == found.of
        assert all(one.cause.kind is not Why.UNEXPLAINED for one in found.differing), source.name
        assert all(one.items for one in found.differing)


# ---- the job, its reports, the command -------------------------------------------


def written(folder: Path, name: str, found: Trace) -> Path:
    """A trace as a file, with what has to be in one."""
    path = folder / found.header.environment.id / f"{name}.trace"
    path.parent.mkdir(exist_ok=True, parents=True)
    body = b"".join(encoded(one) for one in found.outcomes)
    body += encoded(Outcome(END, Kind.END, ret=len(found.outcomes)))
    header = replace(found.header, program=f"programs/{name}.mm")
    path.write_bytes(
        trace.encode_header(header) + trace.encode_outcomes(body) + trace.encode_ending(Ending())
    )
    return path


def encoded(outcome: Outcome) -> bytes:
    """One record as a guest sends it."""
    parts = (outcome.data, outcome.log, outcome.snapshot or b"")
    head = abi.OUTCOME.pack(
        outcome.operation,
        outcome.kind,
        outcome.signo,
        outcome.refused,
        outcome.snapshot is not None,
        outcome.si_code,
        len(parts[0]),
        outcome.ret,
        outcome.addr,
        len(parts[1]),
        len(parts[2]),
    )
    return head + b"".join(part.ljust(-(-len(part) // 8) * 8, b"\0") for part in parts)


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Three programs on two kernels; one of them on the older alone."""
    folder = tmp_path / "run"
    only = "requires: kernel < 7\n" + GET
    for environment in (OLD, NEW):
        written(folder, "get", fakeguest.run(GET, environment=environment))
        written(folder, "upgrade", fakeguest.run(UPGRADE, environment=environment))
    written(folder, "only", fakeguest.run(only, environment=OLD))
    return folder


def compared(folder: Path) -> Record:
    checked = check_job.check(compare_job.recorded([folder]), lambda result, total: None)
    return compare_job.compared(compare_job.in_order(checked))


def test_traces_are_compared_by_program_and_grouped_by_cause(recorded: Path) -> None:
    record = compared(recorded)
    comparison = record.comparison
    assert comparison is not None
    assert (record.exit_code, comparison.unexplained) == (0, 0)
    assert comparison.pairs() == ((OLD.id, NEW.id),)
    names = {group.name for group in comparison.groups}
    assert " + ".join(REFUSED) in names
    got = next(group for group in comparison.groups if group.flags == (REFUSED,))
    assert got.programs() == ("programs/get.mm", "programs/upgrade.mm")
    (left,) = comparison.left
    assert (left.program, left.environment) == ("programs/only.mm", NEW.id)
    assert left.why == "requires: kernel < 7 is false here"


def test_reports_say_what_was_found(recorded: Path) -> None:
    record = compared(recorded)
    text = comparison_text.render(record)
    assert text.startswith(f"{OLD.id} | {NEW.id}\n\n")
    assert (
        "\npin_get_error + one_check\n  pin_get_error: -22 | 0  what pin_user_pages makes" in text
    )
    assert "  programs/get.mm:3  h = pin_user_pages(m[0], nr=1, gup_flags=GET)\n" in text
    assert f"  programs/only.mm  SKIPPED on {NEW.id}: requires: kernel < 7 is false here" in text
    assert text.rstrip().endswith("; 0 unexplained; exit code 0")
    assert "\x1b[" not in text
    assert "\x1b[" in comparison_text.render(record, width=80)
    assert comparison_text.render(record, quiet=True).count("\n") == 1
    page = comparison_page.render(record)
    assert page.rstrip().endswith("</html>")
    assert "pin_get_error" in page
    assert "&lt; 7 is false here" in page
    value = json.loads(results_json.render(record))["comparison"]
    (same,) = [one for one in value["causes"] if one["flags"] == [list(REFUSED)]]
    assert same["kind"] == "flag"
    assert same["cause"] == "pin_get_error + one_check"
    assert (same["values"][0]["one"], same["values"][0]["other"]) == (-22, 0)
    first = same["differing"][0]
    assert (first["program"], first["line"], first["follows"]) == ("programs/get.mm", 3, False)
    assert value["not_compared"][0]["program"] == "programs/only.mm"
    assert value["pairs"][0]["programs"] == 2


def test_an_unexplained_difference_is_an_error(recorded: Path) -> None:
    written(recorded, "get", fakeguest.run(GET, environment=NEW, alter=altered(2, ret=5)))
    record = compared(recorded)
    assert record.exit_code == 10
    text = comparison_text.render(record)
    assert "\nunexplained: no flag of the model explains it\n" in text
    assert "; 1 unexplained; exit code 10" in text


def test_kernels_are_compared_on_each_architecture() -> None:
    def named(kernel: str, arch: str) -> Environment:
        return Environment(kernel=kernel, arch=arch)

    places = [named(k, a) for k in ("5.10.1", "6.1.2", "6.12.3") for a in ("x86_64", "arm64")]
    found = [(one.id, other.id) for one, other in compare_job.paired(places)]
    assert found == [
        ("5.10.1-x86_64-base", "6.1.2-x86_64-base"),
        ("5.10.1-arm64-base", "6.1.2-arm64-base"),
        ("5.10.1-x86_64-base", "6.12.3-x86_64-base"),
        ("5.10.1-arm64-base", "6.12.3-arm64-base"),
    ]
    found = [(one.id, other.id) for one, other in compare_job.paired(places[:2])]
    assert found == [("5.10.1-x86_64-base", "5.10.1-arm64-base")]
    assert list(compare_job.paired(places[:1])) == []


@pytest.fixture
def let_go() -> Iterator[None]:
    """What a command holds back at its end is let go for the next one."""
    yield
    interrupts.held = False


def compare(settings: Settings, paths: list[Path], out: Path, **more: World) -> int:
    return comparing.compare(
        settings,
        paths,
        jobs=1,
        out=out,
        files=output.Files(out.with_suffix(".json"), html=out.with_suffix(".html")),
        quiet=False,
        verbose=False,
        **more,
    )


def test_the_command_compares_traces(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(Settings(), [recorded], tmp_path / "o") == 0
    assert "pin_get_error" in capsys.readouterr().out
    assert json.loads((tmp_path / "o.json").read_text())["comparison"]["unexplained"] == 0
    assert (tmp_path / "o.html").read_text().startswith("<!DOCTYPE html>")


@pytest.mark.usefixtures("let_go")
def test_the_command_runs_programs_where_nothing_can_be_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "p.mm"
    path.write_text("requires: arch == x86_64\n" + GET)
    world = World()
    code = compare(Settings(kernels=("6.1",)), [path], tmp_path / "o", backend=world)
    assert code == 30
    shown = capsys.readouterr().out
    assert "SKIPPED on 6.1.192-arm64-base: requires: arch == x86_64 is false here" in shown
    assert shown.rstrip().splitlines()[-2].startswith("0 programs, 0 operations compared")


def test_one_environment_is_wrong_usage(recorded: Path, tmp_path: Path) -> None:
    program = tmp_path / "p.mm"
    program.write_text(GET)
    settings = Settings(kernels=("6.1",), arches=("arm64",))
    for paths in ([program], [recorded / OLD.id]):
        with pytest.raises(UsageError, match="one environment alone"):
            compare(settings, paths, tmp_path / "o")
    with pytest.raises(UsageError, match="programs and traces"):
        compare(Settings(), [program, recorded], tmp_path / "o")
