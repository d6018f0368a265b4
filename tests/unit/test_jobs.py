"""The jobs: programs found, guests fed, traces judged, differences rerun, folders written."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from harness.arch import ARM64, X86_64
from harness.environment import Environment
from harness.errors import HarnessError, KernelFault, UsageError
from harness.jobs import check as check_job
from harness.jobs import difference
from harness.jobs.backend import Choice
from harness.jobs.folder import RunFolder, read_rerun, render_rerun, safe_part, write_atomically
from harness.jobs.judge import judge, read_trace
from harness.jobs.programs import find, read, unmet
from harness.jobs.results import Record, Result
from harness.jobs.run import Options, Run
from harness.jobs.settings import Settings, from_toml
from harness.progress import SILENT, Progress
from harness.trace import Ending, Header, encode_ending, encode_header, encode_outcomes
from harness.verdict import Verdict

from .fakes import Checked, Fate, Seen, World, boot_failed, outcome
from .records import full_record, record, result

TEXT = "m = mmap(pages=1, prot=rw, flags=private|anon)\nmunmap(m)\n"


class Sink:
    """Remembers what it heard."""

    def __init__(self) -> None:
        self.results: list[Result] = []
        self.lines: list[str] = []
        self.total = 0

    def building(self, label: str) -> AbstractContextManager[Progress]:
        return nullcontext(SILENT)

    def line(self, text: str) -> None:
        self.lines.append(text)

    def result(self, result: Result, total: int) -> None:
        self.results.append(result)
        self.total = total


Runner = Callable[..., Record]


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Four programs in a folder."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in "abcd":
        (folder / f"{name}.mm").write_text(TEXT)
    return folder


@pytest.fixture
def run(tmp_path: Path, programs: Path) -> Runner:
    """Runs the programs in a world."""

    def go(world: World, sink: Sink | None = None, **more: Any) -> Record:
        options: dict[str, Any] = {"kernels": ("6.1",), "arches": (X86_64,), "choice": Choice()}
        sources = [read(path) for path in find([programs])]
        folder = RunFolder(tmp_path / f"run{len(list(tmp_path.iterdir()))}")
        job = Run(Options(**(options | more)), sources, folder, world, sink or Sink())
        return job.execute()

    return go


def by_name(record: Record) -> dict[str, Result]:
    return {Path(one.program).name: one for one in record.results}


def only(*names: str, fate: Fate, guests: Callable[[Seen], bool] = lambda _: True) -> World:
    """A world in which some programs, on some guests, have a fate of their own."""
    return World(lambda name, seen: fate if name in names and guests(seen) else Fate())


# ---- the run -----------------------------------------------------------------------


def test_all_pass_in_order_on_both(run: Runner) -> None:
    world, sink = World(), Sink()
    said = run(world, sink, arches=(X86_64, ARM64), jobs=4)
    assert said.exit_code == 0
    names = [(Path(one.program).name, one.arch) for one in said.results]
    assert names == [(f"{name}.mm", arch) for name in "abcd" for arch in ("x86_64", "arm64")]
    assert {one.verdict for one in said.results} == {Verdict.PASS}
    assert said.operations() == said.checked() == 16
    assert all(Path(one.trace or "").is_file() for one in said.results)
    assert [env.id for env in said.environments] == ["6.1.192-x86_64-base", "6.1.192-arm64-base"]
    assert said.environments[0].boot_seconds == 0.5
    assert sorted(guest.arch for guest in world.guests) == ["arm64", "x86_64"]
    assert (sink.total, len(sink.results)) == (8, 8)
    assert sink.lines == ["a note"]  # the same of both


def test_two_names_of_one_kernel_are_run_once(run: Runner) -> None:
    said = run(World(), kernels=("6.1", "6.1.192", "6.12"))
    assert [env.kernel for env in said.environments] == ["6.1.192", "6.12.192"]
    assert len(said.results) == 8


def test_requires_skips_and_says_which(run: Runner, programs: Path) -> None:
    (programs / "b.mm").write_text(f"requires: arch == arm64\n\n{TEXT}")
    said = run(World())
    skipped = by_name(said)["b.mm"]
    assert skipped.verdict is Verdict.SKIPPED
    assert skipped.detail is not None
    assert "arch == arm64" in skipped.detail["text"]
    assert skipped.operations == 0
    assert said.exit_code == 0


def test_boot_parameters_that_programs_ask_for(run: Runner, programs: Path) -> None:
    """A guest for each set of them; SKIPPED only where nothing would make it right."""
    (programs / "a.mm").write_text(f'requires: boot_arg == "x=1"\n{TEXT}')
    (programs / "b.mm").write_text(f'requires: arch == x86_64 and boot_arg == "x=1"\n{TEXT}')
    (programs / "c.mm").write_text(f'requires: boot_arg == "x=1"\nrequires: boot_arg == y\n{TEXT}')
    world, sink = World(), Sink()
    said = run(world, sink, arches=(X86_64, ARM64), jobs=2)
    plain = ("6.1.192-x86_64-base", "6.1.192-arm64-base")
    ran = {
        (Path(one.program).name, one.environment)
        for one in said.results
        if one.verdict is Verdict.PASS
    }
    assert ran == {
        ("a.mm", f"{plain[0]}-x=1"),
        ("a.mm", f"{plain[1]}-x=1"),
        ("b.mm", f"{plain[0]}-x=1"),
        ("c.mm", f"{plain[0]}-x=1-y"),
        ("c.mm", f"{plain[1]}-x=1-y"),
        ("d.mm", plain[0]),
        ("d.mm", plain[1]),
    }
    skipped = [one for one in said.results if one.verdict is Verdict.SKIPPED]
    assert [(Path(one.program).name, one.environment) for one in skipped] == [("b.mm", plain[1])]
    assert (sink.total, len(sink.results), len(world.guests)) == (8, 8, 6)
    assert said.exit_code == 0


def test_boot_parameters_of_the_command_line_are_there(run: Runner, programs: Path) -> None:
    for path in programs.iterdir():
        path.write_text(f'requires: boot_arg == "x=1"\n{TEXT}')
    said = run(World(), choice=Choice(boot_args=("x=1",)))
    assert [one.id for one in said.environments] == ["6.1.192-x86_64-base-x=1"]
    assert [one.id for one in run(World()).environments] == ["6.1.192-x86_64-base-x=1"]


def test_all_skipped_boots_nothing_and_is_no_pass(run: Runner, programs: Path) -> None:
    for path in programs.iterdir():
        path.write_text(f"requires: arch == arm64\n\n{TEXT}")
    world = World()
    assert run(world).exit_code == 30
    assert not world.guests


def test_a_mismatch_that_repeats_alone(run: Runner) -> None:
    world = only("c.mm", fate=Fate(Verdict.MISMATCH))
    said = run(world)
    one = by_name(said)["c.mm"]
    assert said.exit_code == 10
    assert one.verdict is Verdict.MISMATCH
    assert [(again.how, again.verdict) for again in one.reruns] == [("alone", Verdict.MISMATCH)]
    assert [guest.ran for guest in world.guests] == [["a.mm", "b.mm", "c.mm", "d.mm"], ["c.mm"]]
    assert world.guests[1].stream
    assert not world.guests[0].stream
    assert Path(one.reruns[0].trace).is_file()


def test_a_mismatch_that_needs_its_history(run: Runner) -> None:
    world = only("c.mm", fate=Fate(Verdict.MISMATCH), guests=lambda seen: "a.mm" in seen.ran)
    one = by_name(run(world))["c.mm"]
    assert one.verdict is Verdict.MISMATCH
    assert [again.how for again in one.reruns] == ["alone", "history"]
    assert world.guests[-1].ran == ["a.mm", "b.mm", "c.mm"]


@pytest.mark.parametrize(("allowed", "code"), [(False, 10), (True, 0)])
def test_a_mismatch_that_never_repeats_is_flaky(run: Runner, allowed: bool, code: int) -> None:
    world = only("c.mm", fate=Fate(Verdict.MISMATCH), guests=lambda seen: seen.number == 1)
    said = run(world, allow_flaky=allowed)
    one = by_name(said)["c.mm"]
    assert one.verdict is Verdict.FLAKY
    assert [again.verdict for again in one.reruns] == [Verdict.PASS, Verdict.PASS]
    assert all(Path(again.trace).is_file() for again in one.reruns)
    assert said.exit_code == code


def test_a_kernel_fault_in_the_log_spoils_its_guest(run: Runner) -> None:
    world = only("b.mm", fate=Fate(Verdict.KERNEL_FAULT), guests=lambda seen: seen.number == 1)
    said = run(world)
    one = by_name(said)["b.mm"]
    assert one.verdict is Verdict.KERNEL_FAULT
    assert said.exit_code == 12
    # What the same guest ran afterwards counts only where it ran again on another one.
    for name in ("c.mm", "d.mm"):
        assert by_name(said)[name].verdict is Verdict.PASS
        assert any(name in guest.ran for guest in world.guests[1:])


def test_a_guest_that_dies_costs_one_program(run: Runner) -> None:
    world = only("b.mm", fate=Fate(ending="GUEST_LOST", complete=False))
    said = run(world)
    assert said.exit_code == 21
    names = {name: one.verdict for name, one in by_name(said).items()}
    assert names.pop("b.mm") is Verdict.GUEST_LOST
    assert set(names.values()) == {Verdict.PASS}
    lost = by_name(said)["b.mm"]
    assert lost.detail is not None
    assert lost.detail["text"].endswith("what happened")
    assert lost.detail["observed"] == {"console": ["tail"]}
    assert [guest.ran for guest in world.guests] == [["a.mm", "b.mm"], ["c.mm", "d.mm"]]


def test_a_kernel_fault_that_ends_the_guest_is_rerun_exactly(run: Runner) -> None:
    world = only("b.mm", fate=Fate(ending="KERNEL_FAULT", complete=False))
    one = by_name(run(world))["b.mm"]
    assert one.verdict is Verdict.KERNEL_FAULT
    assert [again.how for again in one.reruns] == ["alone"]
    assert one.detail is not None
    assert (one.detail["operation"], one.detail["line"]) == (1, 2)
    assert one.detail["text"] == "munmap(m): what happened"


def test_three_deaths_in_a_row_end_an_environment(run: Runner) -> None:
    world = World(lambda name, seen: Fate(ending="TIMEOUT", complete=False))
    said = run(world)
    assert len(world.guests) == 3
    assert [one.verdict for one in said.results] == [Verdict.TIMEOUT] * 4
    last = by_name(said)["d.mm"]
    assert last.trace is None
    assert last.detail is not None
    assert "3 guests in a row" in last.detail["text"]
    assert said.exit_code == 22


def test_a_guest_that_never_boots(run: Runner) -> None:
    world = World(boots={number: boot_failed() for number in range(1, 9)})
    said = run(world, arches=(X86_64, ARM64), jobs=1)
    assert said.exit_code == 20
    assert {one.verdict for one in said.results} == {Verdict.BOOT_FAILED}
    assert len(world.guests) == 6


def test_one_failed_boot_is_got_over(run: Runner) -> None:
    fault = KernelFault("panic at boot", kind="panic")
    assert run(World(boots={1: fault, 2: boot_failed()})).exit_code == 0


def test_a_build_that_fails_costs_its_environment_alone(run: Runner) -> None:
    world = World(builds={"arm64": HarnessError("no compiler")})
    said = run(world, arches=(X86_64, ARM64))
    assert said.exit_code == 23
    assert {one.verdict for one in said.results if one.arch == "x86_64"} == {Verdict.PASS}
    assert {one.verdict for one in said.results if one.arch == "arm64"} == {Verdict.HARNESS_ERROR}
    assert said.results[1].detail is not None
    assert said.results[1].detail["text"] == "no compiler"


def test_wrong_usage_found_late_ends_the_run(run: Runner) -> None:
    world = World(builds={"arm64": UsageError("unknown kernel")})
    said = run(world, arches=(X86_64, ARM64), jobs=2)
    assert (said.exit_code, said.error) == (2, "unknown kernel")
    assert world.stopped


def test_a_disk_that_fills_ends_the_environment(run: Runner) -> None:
    def script(name: str, seen: Seen) -> Fate:
        if name == "b.mm":
            raise HarnessError("cannot write the trace: No space left on device")
        return Fate()

    said = run(World(script))
    assert said.exit_code == 23
    assert by_name(said)["a.mm"].verdict is Verdict.PASS
    assert by_name(said)["d.mm"].verdict is Verdict.HARNESS_ERROR


def test_an_exception_that_nobody_caught(run: Runner, tmp_path: Path) -> None:
    world, sink = World(boots={1: RuntimeError("oh")}), Sink()
    said = run(world, sink, keep_errors=True)
    assert said.exit_code == 23
    detail = said.results[0].detail
    assert detail is not None
    assert detail["text"] == "internal error: RuntimeError: oh"
    assert said.folder is not None
    assert "Traceback" in (Path(said.folder) / "errors" / "error.txt").read_text()


def test_a_checker_that_fails_costs_a_program(run: Runner) -> None:
    said = run(World(check_error=ValueError("states")))
    assert said.exit_code == 23
    assert len(said.results) == 4
    assert said.results[0].trace is not None
    detail = said.results[0].detail
    assert detail is not None
    assert "ValueError: states" in detail["text"]


def test_an_incomplete_trace_is_never_a_pass(run: Runner) -> None:
    said = run(only("a.mm", fate=Fate(complete=False)))
    assert by_name(said)["a.mm"].verdict is Verdict.UNCHECKED
    assert said.exit_code == 30


def test_what_a_lost_guest_showed_before_counts(run: Runner) -> None:
    said = run(only("a.mm", fate=Fate(Verdict.MISMATCH, "GUEST_LOST", complete=False)))
    assert by_name(said)["a.mm"].verdict is Verdict.MISMATCH
    assert said.exit_code == 10


def test_claims_are_not_rerun(run: Runner) -> None:
    world = only("a.mm", fate=Fate(Verdict.CLAIM_FAILED))
    assert run(world).exit_code == 11
    assert len(world.guests) == 1


def test_an_interrupt_keeps_what_is_known(run: Runner) -> None:
    class Stopping(Sink):
        def result(self, result: Result, total: int) -> None:
            super().result(result, total)
            if len(self.results) == 2:
                raise KeyboardInterrupt

    world = World()
    said = run(world, Stopping())
    assert said.exit_code == 130
    assert said.interrupted
    assert len(said.results) >= 2
    assert world.stopped


def test_many_guests_share_an_environment(run: Runner, programs: Path) -> None:
    for number in range(200):
        (programs / f"n{number:03}.mm").write_text(TEXT)
    world = World()
    said = run(world, jobs=3)
    assert said.exit_code == 0
    assert len(said.results) == 204
    assert 1 <= len(world.guests) <= 4
    assert [one.program for one in said.results] == sorted(one.program for one in said.results)


# ---- differences -------------------------------------------------------------------


def rerun_of(verdict: Verdict) -> Result:
    return result(verdict=verdict, detail={"operation": 5})


@pytest.mark.parametrize(
    ("first", "attempts", "expected"),
    [
        ("MISMATCH", ["MISMATCH"], "MISMATCH"),
        ("MISMATCH", ["PASS", "MISMATCH"], "MISMATCH"),
        ("MISMATCH", ["PASS", "PASS"], "FLAKY"),
        ("MISMATCH", ["PASS"], "FLAKY"),
        ("MISMATCH", ["GUEST_LOST", "PASS"], "MISMATCH"),
        ("MISMATCH", ["PASS", "BOOT_FAILED"], "MISMATCH"),
        ("MISMATCH", ["KERNEL_FAULT"], "KERNEL_FAULT"),
        ("MISMATCH", [], "MISMATCH"),
        ("KERNEL_FAULT", ["PASS", "PASS"], "KERNEL_FAULT"),
        ("KERNEL_FAULT", ["MISMATCH"], "KERNEL_FAULT"),
    ],
)
def test_settle(first: str, attempts: list[str], expected: str) -> None:
    named = list(zip(("alone", "history"), attempts, strict=False))
    tried = [(how, rerun_of(Verdict(said))) for how, said in named]
    settled = difference.settle(result(verdict=Verdict(first)), tried)
    assert settled.verdict is Verdict(expected)
    assert [again.how for again in settled.reruns] == [how for how, _ in tried]


def test_next_step() -> None:
    passed, differed = ("alone", rerun_of(Verdict.PASS)), ("alone", rerun_of(Verdict.MISMATCH))
    assert difference.next_step([], 3) == "alone"
    assert difference.next_step([passed], 3) == "history"
    assert difference.next_step([passed], 0) is None
    assert difference.next_step([differed], 3) is None
    assert difference.next_step([passed, ("history", passed[1])], 3) is None


# ---- programs ----------------------------------------------------------------------


def test_find_sorts_and_takes_each_once(programs: Path) -> None:
    inner = programs / "sub"
    inner.mkdir()
    (inner / "z.mm").write_text(TEXT)
    (programs / "notes.txt").write_text("no program")
    found = find([programs, programs / "a.mm", inner])
    assert [path.name for path in found] == ["a.mm", "b.mm", "c.mm", "d.mm", "z.mm"]


def test_find_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        find([tmp_path / "x.mm"])
    with pytest.raises(UsageError, match=r"no \.mm file"):
        find([tmp_path])


def test_a_malformed_program_names_its_place(tmp_path: Path) -> None:
    path = tmp_path / "bad.mm"
    path.write_text("m = mmap(pages=1, prot=rw, flags=private|anon)\nx = frobnicate(m)\n")
    with pytest.raises(UsageError, match=r"bad\.mm:2:5: expected .*, found "):
        read(path)
    path.write_bytes(b"# \xff\n")
    with pytest.raises(UsageError, match=r"bad\.mm:1:3: expected UTF-8"):
        read(path)


def test_a_file_too_large_or_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "big.mm"
    with path.open("wb") as file:
        file.truncate(5 << 20)
    with pytest.raises(UsageError, match="larger than 4 MiB"):
        read(path)
    with pytest.raises(UsageError, match="cannot be read"):
        read(tmp_path)


def test_unmet(programs: Path) -> None:
    path = programs / "a.mm"
    path.write_text(f"requires: arch == x86_64\nrequires: kernel >= 6.6\n{TEXT}")
    source = read(path)
    assert unmet(source, Environment("6.6", "x86_64")) is None
    assert unmet(source, Environment("6.1", "x86_64")) == "kernel >= 6.6"
    assert unmet(source, Environment("6.1", "arm64")) == "arch == x86_64"


# ---- traces ------------------------------------------------------------------------


def write_trace(path: Path, *parts: bytes, environment: Environment | None = None) -> Path:
    header = Header(environment or Environment("6.1.192", "x86_64"), "a.mm", TEXT)
    path.write_bytes(encode_header(header) + b"".join(parts))
    return path


BODY = b"".join(
    (outcome(2, 0, 0), outcome(2, 0, 1), outcome(0x80, 2, 9))  # type: ignore[arg-type]
)


def test_judge_trusts_nothing_incomplete(tmp_path: Path) -> None:
    path = write_trace(tmp_path / "t.trace", encode_outcomes(BODY[:-1]))
    with pytest.raises(UsageError, match="damaged"):
        read_trace(path)
    path = write_trace(tmp_path / "t.trace", encode_outcomes(BODY), encode_ending(Ending()))
    whole = read_trace(path)
    assert judge(whole, "t", lambda _: Checked(Verdict.PASS)).verdict is Verdict.PASS
    less = judge(whole, "t", lambda _: Checked(Verdict.PASS, checked=1))
    assert less.verdict is Verdict.UNCHECKED
    odd = write_trace(tmp_path / "t.trace", encode_ending(Ending("NO_SUCH_VERDICT", "?")))
    said = judge(read_trace(odd), "t", lambda _: Checked(Verdict.PASS))
    assert said.verdict is Verdict.HARNESS_ERROR


def test_check_takes_folders_and_keeps_environments(tmp_path: Path) -> None:
    folder = tmp_path / "traces"
    folder.mkdir()
    for number, kernel in enumerate(("6.1.1", "6.1.2", "6.1.1")):
        write_trace(
            folder / f"{number}.trace",
            encode_outcomes(BODY),
            encode_ending(Ending()),
            environment=Environment(kernel, "arm64"),
        )
    heard: list[int] = []
    said = check_job.check(
        [folder], lambda _, total: heard.append(total), lambda _: Checked(Verdict.PASS)
    )
    assert said.exit_code == 0
    assert heard == [3, 3, 3]
    assert [env.kernel for env in said.environments] == ["6.1.1", "6.1.2"]
    assert len(said.results) == 3


# ---- the run folder ----------------------------------------------------------------


def test_a_run_folder_is_new_or_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    fresh = RunFolder(None)
    assert fresh.path.parent == Path("runs")
    assert fresh.path.is_dir()
    assert RunFolder(tmp_path / "new" / "deep").path.is_dir()
    (tmp_path / "file").write_text("")
    for taken in (tmp_path / "file", tmp_path):
        with pytest.raises(UsageError, match="not an empty folder"):
            RunFolder(taken)


def test_names_stay_inside_and_apart(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "r")
    names = ["a/x.mm", "../a/x.mm", "/a/x.mm", "a/ü é.mm", "a/" + "y" * 300 + ".mm", "x.mm"]
    paths = [folder.trace("6.1-x86_64-base-a=/b", name) for name in names]
    assert len(set(paths)) == len(names)
    for path in paths:
        assert path.resolve().is_relative_to((tmp_path / "r" / "traces").resolve())
        path.write_bytes(b"")
    assert folder.console("e") != folder.console("e")
    assert safe_part("..") == "_"


def test_rerun_is_what_ran(tmp_path: Path, programs: Path) -> None:
    folder = RunFolder(tmp_path / "r")
    sources = [read(path) for path in find([programs])]
    kept = [
        (source.name, str(folder.keep(source).relative_to(folder.path)), source.digest)
        for source in sources
    ]
    settings = Settings().but(cpu='a"b\\c', boot_args=["x=1", "tab\there"], allow_flaky=True)
    path = folder.path / "rerun.toml"
    path.write_text(render_rerun(settings.to_toml(), kept, full_record()))
    assert tomllib.loads(path.read_text())["environment"][1]["boot_args"] == ["a=1"]
    for source in sources:
        source.path.unlink()
    again = read_rerun(path)
    assert [source.name for source in again.sources] == [source.name for source in sources]
    assert [source.text for source in again.sources] == [TEXT] * 4
    assert from_toml(again.settings, "r") == settings
    (folder.path / kept[2][1]).write_text(TEXT + "\n")
    with pytest.raises(UsageError, match="not the program that ran"):
        read_rerun(path)


@pytest.mark.parametrize(
    "text",
    ["", "[run", "[run]\n", "[run]\nprogram = 3\n", "program = [1]\n[run]\n", "\xff"],
)
def test_a_damaged_rerun(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rerun.toml"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(UsageError, match=r"rerun\.toml"):
        read_rerun(path)


@pytest.mark.parametrize(
    "table",
    [
        {"kernel": "6.1"},
        {"kernels": "6.1"},
        {"kernels": [1]},
        {"allow_flaky": 1},
        {"channel": "smoke"},
        {"observe": "never"},
    ],
)
def test_settings_of_the_wrong_kind(table: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="r: "):
        from_toml(table, "r")


def test_settings_of_the_command_line_go_first() -> None:
    said = from_toml({"kernels": ["5.10"], "observe": "end"}, "r").but(
        kernels=["6.1", "6.1"], observe=None, arches=["arm64"]
    )
    assert (said.kernels, said.observe, said.arches) == (("6.1",), "end", ("arm64",))
    with pytest.raises(UsageError, match="unknown architecture 'vax'"):
        said.but(arches=["vax"]).options(1, keep_errors=False)


def test_files_appear_whole(tmp_path: Path) -> None:
    path = tmp_path / "f"
    write_atomically(path, "one")
    write_atomically(path, "two")
    assert path.read_text() == "two"
    assert [entry.name for entry in tmp_path.iterdir()] == ["f"]
    link = tmp_path / "link"
    link.symlink_to(path)
    write_atomically(link, "three")
    assert link.is_symlink()
    assert path.read_text() == "three"
    write_atomically(Path("/dev/null"), "gone")
    with pytest.raises(HarnessError, match="cannot be written"):
        write_atomically(tmp_path / "no" / "f", "x")


def test_a_full_disk_is_one_line() -> None:
    with pytest.raises(HarnessError, match="No space left on device: free some space"):
        write_atomically(Path("/dev/full"), "x")


def test_record_of_nothing() -> None:
    assert record().verdicts() == {}
