"""The command around the jobs: words in, exit codes and one line out."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import cli, commands, fuzzing, output
from harness.errors import BootFailed, HarnessError, KernelFault, UsageError
from harness.generate.corpus import Corpus, Kept
from harness.interrupts import Interrupts, interrupts
from harness.jobs import doctor
from harness.jobs.doctor import Finding
from harness.jobs.settings import Settings
from harness.report import listing
from harness.verdict import Verdict

from .fakes import Fate, World
from .records import X86, infrastructure, record, result

TEXT = "m = mmap(pages=1, prot=rw, flags=private|anon)\nmunmap(m)\n"


@pytest.fixture(autouse=True)
def let_go() -> Iterator[None]:
    """A run holds signals back at its end; here another test follows."""
    yield
    interrupts.held = False


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """One small program."""
    path = tmp_path / "p.mm"
    path.write_text(TEXT)
    return path


# ---- from words to a job -------------------------------------------------------------


def asked(monkeypatch: pytest.MonkeyPatch, job: str, *argv: str) -> dict[str, Any]:
    """What a command line makes of itself."""
    seen: dict[str, Any] = {}

    def remember(*args: Any, **named: Any) -> int:
        seen.update(named, args=args)
        return 17

    monkeypatch.setattr(output, job, remember)
    assert commands.invoke([job, *argv]) == 17
    return seen


def test_run_takes_what_the_contract_lists(
    monkeypatch: pytest.MonkeyPatch, program: Path, tmp_path: Path
) -> None:
    words = f"{program} -k 6.1 -k 6.12 -a arm64 -c debug -j 3 --channel serial --observe end"
    words += f" --allow-flaky --json {tmp_path}/j --junit {tmp_path}/u --ktap {tmp_path}/k"
    words += f" --out {tmp_path}/o --cpu max --boot-arg a=1 --boot-arg b -q -v"
    seen = asked(monkeypatch, "run", *words.split())
    settings, sources = seen["args"]
    assert settings == Settings(
        kernels=("6.1", "6.12"),
        arches=("arm64",),
        config=("debug",),
        channel="serial",
        observe="end",
        allow_flaky=True,
        cpu="max",
        boot_args=("a=1", "b"),
    )
    assert [source.name for source in sources] == [str(program)]
    assert seen["jobs"] == 3
    assert seen["out"] == tmp_path / "o"
    assert seen["files"] == output.Files(tmp_path / "j", tmp_path / "u", tmp_path / "k")
    assert (seen["quiet"], seen["verbose"]) == (True, True)


def test_run_without_options(monkeypatch: pytest.MonkeyPatch, program: Path) -> None:
    seen = asked(monkeypatch, "run", str(program))
    assert seen["args"][0] == Settings()
    assert Settings().arches == ("x86_64", "arm64")
    assert seen["jobs"] == os.cpu_count()
    assert seen["files"] == output.Files()


def test_the_other_commands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert asked(monkeypatch, "doctor")["quiet"] is False
    upkeep = output.Upkeep(prune=True, archives=True)
    assert asked(monkeypatch, "kernels", "--prune", "--archives")["args"] == (upkeep,)
    upkeep = output.Upkeep(update=True, lines=("6.1",))
    assert asked(monkeypatch, "kernels", "--update", "-k", "6.1")["args"] == (upkeep,)
    for argv in (["kernels", "--archives"], ["kernels", "-k", "6.1"]):
        with pytest.raises(UsageError, match="goes with"):
            commands.invoke(argv)
    assert asked(monkeypatch, "build", "-a", "arm64")["args"][0].arches == ("arm64",)
    seen = asked(monkeypatch, "check", "a.trace", "b", "--json", f"{tmp_path}/j")
    assert seen["args"] == ([Path("a.trace"), Path("b")], output.Files(tmp_path / "j"))


def test_a_rerun_is_run_alone(program: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="run alone"):
        commands.invoke(["run", str(program), str(tmp_path / "rerun.toml")])


# ---- exit codes ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (UsageError("x.mm:1:2: expected\na call"), 2, "x.mm:1:2: expected a call"),
        (HarnessError("no network"), 23, "no network"),
        (BootFailed("no hello"), 20, "no hello"),
        (KernelFault("oops", kind="oops"), 12, "oops"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (RuntimeError("oh"), 23, "internal error: RuntimeError: oh"),
        (MemoryError(), 23, "internal error: MemoryError:"),
        (BrokenPipeError(), 23, None),
        (SystemExit(1), 23, None),
        (SystemExit(3), 3, None),
        (SystemExit(None), 0, None),
    ],
)
def test_every_way_to_end(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    line: str | None,
) -> None:
    def fail(_: object) -> int:
        raise error

    monkeypatch.setattr(commands, "invoke", fail)
    assert cli.guarded([]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == ("" if line is None else f"pagelab: {line}\n")


def test_standard_error_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Gone())
    assert cli.guarded(["no-such-command"]) == 2


def test_only_the_first_signal_is_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Interrupts()
    mine.held = True
    mine._on_signal(signal.SIGINT, None)
    assert mine.count == 1
    mine = Interrupts()
    with pytest.raises(KeyboardInterrupt):
        mine._on_signal(signal.SIGINT, None)
    mine._on_signal(signal.SIGINT, None)
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    mine._on_signal(signal.SIGTERM, None)
    assert codes == [130]


# ---- a run, as the command does it -----------------------------------------------------


Runner = Callable[..., int]


@pytest.fixture
def go(program: Path, tmp_path: Path) -> Runner:
    """Runs the program in a world, in tmp_path/run."""
    from harness.jobs.programs import read

    def run(world: World, **more: Any) -> int:
        values: dict[str, Any] = {
            "jobs": 2,
            "out": tmp_path / "run",
            "files": output.Files(),
            "quiet": False,
            "verbose": False,
        }
        return output.run(Settings(), [read(program)], backend=world, **(values | more))

    return run


def test_a_run_writes_its_folder(
    go: Runner, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert go(World()) == 0
    names = {path.name for path in (tmp_path / "run").iterdir()}
    wanted = {"results.json", "junit.xml", "rerun.toml", "programs", "traces", "console"}
    assert names == wanted
    said = capsys.readouterr()
    assert said.out.splitlines()[-1] == str(tmp_path / "run")
    assert sorted(set(said.err.splitlines())) == [
        "6.1 arm64: building",
        "6.1 x86_64: building",
        "a note",
    ]


def test_what_kept_everything_from_running_is_one_line(
    go: Runner, capsys: pytest.CaptureFixture[str]
) -> None:
    error = HarnessError("no network: check it")
    assert go(World(builds={"x86_64": error, "arm64": error})) == 23
    said = capsys.readouterr()
    assert said.err == "pagelab: no network: check it\n"
    assert len(said.out.splitlines()) == 2


def test_a_file_that_cannot_be_written_is_not_silent(
    go: Runner, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert go(World(), files=output.Files(json=Path("/dev/full"))) == 23
    said = capsys.readouterr()
    assert "pagelab: /dev/full cannot be written: No space left on device" in said.err
    assert said.out.splitlines()[-2].endswith("exit code 23")
    assert (tmp_path / "run" / "rerun.toml").exists()


def test_a_signal_at_the_very_end_is_kept(
    go: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(interrupts, "count", 1)
    assert go(World()) == 130
    assert '"exit_code": 130' in (tmp_path / "run" / "results.json").read_text()


def test_verbose_tells_each_result(go: Runner, capsys: pytest.CaptureFixture[str]) -> None:
    go(World(lambda name, seen: Fate(Verdict.UNCHECKED)), verbose=True)
    assert capsys.readouterr().err.count("UNCHECKED  ") == 2


def test_early_failures_are_only_those_of_a_run_that_never_began() -> None:
    lost = result(verdict=Verdict.HARNESS_ERROR, trace=None, detail=infrastructure("no compiler"))
    assert output.early_failures(record(lost, lost)) == ("no compiler",)
    assert output.early_failures(record(lost, result())) == ()
    assert output.early_failures(replace(record(), error="unknown kernel")) == ("unknown kernel",)
    assert output.early_failures(record()) == ()


def test_files_are_checked_before_anything_runs(tmp_path: Path) -> None:
    output.Files(tmp_path / "j.json", None, Path("/dev/null")).check()
    for bad in (tmp_path, tmp_path / "no" / "j.json"):
        with pytest.raises(UsageError, match="name a file"):
            output.Files(bad).check()


# ---- doctor ----------------------------------------------------------------------------

PACKAGES = """# PACKAGE ONLY COMMAND WHY
qemu-system-x86  -         qemu-system-x86_64  runs the guest
gcc-cross        amd64     cross-gcc           compiles
gcc-other        arm64     other-gcc           compiles
libelf-dev       bookworm  -                   the kernel's objtool
debootstrap      fresh     debootstrap         minimal roots
"""


def test_wanted_packages_are_those_of_this_host() -> None:
    def of(machine: str, release: str) -> list[str]:
        return [entry.package for entry in doctor.wanted(PACKAGES, machine, release)]

    assert of("x86_64", "bookworm") == ["qemu-system-x86", "gcc-cross", "libelf-dev"]
    assert of("aarch64", "trixie") == ["qemu-system-x86", "gcc-other"]


def test_installed_asks_dpkg(tmp_path: Path) -> None:
    (tmp_path / "one.list").write_text("")
    (tmp_path / "two:amd64.list").write_text("")
    assert doctor.installed("one", tmp_path)
    assert doctor.installed("two", tmp_path)
    assert not doctor.installed("three", tmp_path)
    assert doctor.installed("three", tmp_path / "no-dpkg-here")


def test_doctor_says_what_to_do() -> None:
    findings = [
        Finding("gcc", good=True, text="/usr/bin/gcc", why="compiles"),
        Finding("bc", False, "missing", "apt-get install bc", "bc", "constants"),
        Finding("disk", False, "0.1 GB free", "free some"),
    ]
    assert listing.doctor(findings).splitlines() == [
        "ok    gcc   /usr/bin/gcc",
        "LACK  bc    missing (constants)",
        "            -> apt-get install bc",
        "LACK  disk  0.1 GB free",
        "            -> free some",
        "to install what is missing: apt-get install bc",
        "`make check` lacks 2 of these",
    ]
    assert listing.doctor(findings[:1]).splitlines()[-1] == "`make check` can run here"


def test_environment_ids_tell_environments_apart() -> None:
    assert X86.id == "6.1.192-x86_64-base"
    other = replace(X86, cpu="Skylake-Client", boot_args=("a=1", "b"))
    assert other.id == "6.1.192-x86_64-base-Skylake-Client-a=1-b"


# ---- fuzz and shrink -----------------------------------------------------------------


def test_fuzz_takes_what_the_contract_lists(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: dict[str, Any] = {}

    def remember(*args: Any, **named: Any) -> int:
        seen.update(named, args=args)
        return 17

    monkeypatch.setattr(fuzzing, "fuzz", remember)
    words = "fuzz --seed 7 --time 60 -k 5.10 -k 7.3 -a arm64 -j 3"
    words += f" --json {tmp_path}/j --out {tmp_path}/o"
    assert commands.invoke([*words.split(), "--corpus", str(tmp_path), "-q"]) == 17
    wanted, settings = seen["args"]
    assert wanted == fuzzing.Wanted(7, 60.0, None, None, tmp_path / "o", (tmp_path,))
    assert settings == Settings(kernels=("5.10", "7.3"), arches=("arm64",))
    assert (seen["chosen"], seen["jobs"], seen["files"].json) == (True, 3, tmp_path / "j")
    assert commands.invoke(["fuzz", "--resume", str(tmp_path), "--programs", "5"]) == 17
    assert seen["args"][0] == fuzzing.Wanted(programs=5, resume=tmp_path)
    assert not seen["chosen"]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (fuzzing.Wanted(seconds=0.0), "more than 0"),
        (fuzzing.Wanted(seconds=float("nan")), "more than 0"),
        (fuzzing.Wanted(programs=0), "at least 1"),
        (fuzzing.Wanted(seed=-1), "from 0 to"),
        (fuzzing.Wanted(seconds=1.0, programs=1), "one end"),
        (fuzzing.Wanted(seed=1, resume=Path("x")), "leave them out"),
    ],
)
def test_campaigns_that_cannot_be_meant(wanted: fuzzing.Wanted, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        wanted.check()


def test_shrink_without_a_difference_is_30(
    program: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings().but(arches=["x86_64"])
    world = World()
    assert (
        fuzzing.shrink(program, settings, out=None, quiet=False, verbose=False, backend=world) == 30
    )
    said = capsys.readouterr()
    assert not said.out
    assert "shows nothing" in said.err


def test_shrink_prints_the_smallest_program(
    program: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings().but(arches=["x86_64"])
    world = World(lambda name, seen: Fate(Verdict.MISMATCH))
    assert (
        fuzzing.shrink(program, settings, out=None, quiet=True, verbose=False, backend=world) == 0
    )
    assert capsys.readouterr().out == "m = mmap(pages=1, prot=rw, flags=private|anon)\n"
    out = tmp_path / "small.mm"
    assert fuzzing.shrink(program, settings, out=out, quiet=True, verbose=False, backend=world) == 0
    assert out.read_text() == "m = mmap(pages=1, prot=rw, flags=private|anon)\n"


def test_damaged_corpora_are_skipped_and_counted(tmp_path: Path) -> None:
    said: list[str] = []

    class Listener:
        def line(self, text: str) -> None:
            said.append(text)

    good = Corpus((Kept(TEXT, frozenset({"cow.shared=yes"})),))
    (tmp_path / "0").write_bytes(good.encode())
    (tmp_path / "1").write_bytes(good.encode()[:-3])
    (tmp_path / "2").write_bytes(b"pagelab corpus 99 x\n")
    found, skipped = fuzzing._read_corpora([tmp_path], Listener())  # type: ignore[arg-type]
    assert found == [good]
    assert skipped == 2
    assert [line.startswith("skipped: ") for line in said] == [True, True]
