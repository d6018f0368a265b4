"""The command line against the contract: words, exit codes, files."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harness.verdict import INTERRUPTED

from .command import ROOT, environment, pagelab, results, verdicts

COMMANDS = ("doctor", "build", "run", "check", "claims", "compare", "fuzz", "shrink", "kernels")
TEXT = "m = mmap(pages=1, prot=rw, flags=private|anon)\nmunmap(m)\n"
ANSI = re.compile(r"\x1b\[")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three small programs."""
    path = tmp_path / "programs"
    path.mkdir()
    for name in ("a", "b"):
        (path / f"{name}.mm").write_text(f"# Shows nothing.\n{TEXT}")
    (path / "c.mm").write_text(f"# Shows nothing on x86.\nrequires: arch == arm64\n\n{TEXT}")
    return path


# ---- words -------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    done = pagelab(command, "--help")
    assert done.code == 0
    assert f"Example: pagelab {command}" in done.out
    assert "--quiet" in done.out
    assert "--verbose" in done.out
    assert not ANSI.search(done.out)


def test_commands_that_are_not_there_are_absent() -> None:
    help_text = pagelab("--help").out
    assert re.findall(r"^│ ([a-z]+)  ", help_text, re.MULTILINE) == list(COMMANDS)
    assert pagelab("shell").code == 2


def test_version() -> None:
    assert re.fullmatch(r"pagelab \d+\.\d+\.\d+\n", pagelab("--version").out)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_completion(shell: str) -> None:
    done = pagelab(env={"_PAGELAB_COMPLETE": f"source_{shell}"})
    assert done.code == 0
    assert "_PAGELAB_COMPLETE" in done.out
    words = {"_PAGELAB_COMPLETE": "complete_bash", "COMP_WORDS": "pagelab run --ch"}
    asked = pagelab(env=words | {"COMP_CWORD": "2"})
    assert asked.out.split() == ["--channel"]


# ---- wrong usage -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ([], "Missing command"),
        (["shell"], "No such command 'shell'"),
        (["run"], "Missing argument"),
        (["run", "programs", "--smoke"], "No such option: --smoke"),
        (["run", "programs", "-j", "0"], "-j"),
        (["run", "programs", "--channel", "smoke"], "'smoke' is not one of"),
        (["run", "nowhere.mm"], "nowhere.mm: no such file or folder"),
        (["run", "docs"], "docs: no .mm file in this folder"),
        (["run", "programs", "-a", "vax"], "unknown architecture 'vax'"),
        (["run", "programs", "--json", "no/such/folder.json"], "no such folder"),
        (["run", "programs", "--out", "docs"], "not an empty folder"),
        (["check", "nowhere.trace"], "nowhere.trace: no such file or folder"),
        (["check", "README.md"], "README.md: damaged or not a trace"),
        (["build", "-a", "vax"], "unknown architecture 'vax'"),
        (["build", "-k", "2.4"], "unknown kernel '2.4'"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(args: list[str], says: str) -> None:
    done = pagelab(*args)
    assert says in done.one_line()
    assert done.code == 2
    assert done.out == ""


def test_an_unknown_kernel_boots_nothing(folder: Path, tmp_path: Path) -> None:
    done = pagelab("run", folder, "-k", "2.4", "--out", tmp_path / "r", "-q")
    assert done.code == 2
    assert "unknown kernel '2.4'" in done.one_line()
    assert not list((tmp_path / "r").glob("console/*"))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (b"m = mmap(pages=1, prot=rw, flags=private|anon\n", "1:46"),
        (b"# fine\nm = mmap(pages=1, prot=purple, flags=private|anon)\n", "2:24"),
        (b"x = frobnicate(1)\n", "1:5"),
        (b"# \xff\n", "1:3"),
    ],
)
def test_a_malformed_program_names_file_line_and_column(
    folder: Path, tmp_path: Path, text: bytes, place: str
) -> None:
    bad = folder / "zz.mm"
    bad.write_bytes(text)
    done = pagelab("run", folder, "--out", tmp_path / "r")
    line = done.one_line()
    assert done.code == 2
    assert f"{bad}:{place}: expected " in line
    assert ", found " in line
    assert not (tmp_path / "r").exists()


def test_a_damaged_trace(tmp_path: Path) -> None:
    for content in (b"", b"{}\n", b"\x00" * 1000, b'{"pagelab_trace": 7}\n'):
        path = tmp_path / "t.trace"
        path.write_bytes(content)
        done = pagelab("check", path)
        assert done.code == 2
        assert "damaged or not a trace" in done.one_line()


# ---- a run -------------------------------------------------------------------------


@pytest.mark.qemu
def test_a_run_leaves_what_the_contract_says(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    files = [tmp_path / name for name in ("r.json", "r.xml", "r.ktap")]
    done = pagelab(
        "run", folder, "--out", out, "--json", files[0], "--junit", files[1], "--ktap", files[2]
    )
    assert done.code == 0, done
    lines = done.out.splitlines()
    assert lines[-1] == str(out)
    assert lines[-2] == (
        "3 programs, 2 environments: 5 PASS, 1 SKIPPED; 10 operations, 10 checked; 100% exact; "
        "exit code 0"
    )
    assert re.fullmatch(r"program +6\.1\.\d+-x86_64-base +6\.1\.\d+-arm64-base", lines[0])
    assert re.fullmatch(rf"{folder}/c\.mm +SKIPPED +PASS", lines[3])
    assert not ANSI.search(done.out + done.err)
    value = json.loads(files[0].read_text())
    assert value == results(out)
    assert (value["schema"], value["exit_code"]) == (1, 0)
    for one in value["results"]:
        skipped = one["verdict"] == "SKIPPED"
        assert (one["trace"] is None) == skipped
        assert skipped or Path(one["trace"]).is_file()
    for env in value["environments"]:
        assert env["boot_seconds"] > 0
        assert re.fullmatch(r"[0-9a-f]{64}", env["source_digest"])
        assert re.fullmatch(r"[0-9a-f]{64}", env["config_digest"])
        assert env["argv"][0].startswith("qemu-system-") or "/qemu-system-" in env["argv"][0]
        assert (out / "console" / f"{env['id']}.log").stat().st_size > 0
    assert ElementTree.parse(files[1]).getroot().get("tests") == "6"
    assert files[2].read_text().startswith("KTAP version 1\n1..2\n")
    assert tomllib.loads((out / "rerun.toml").read_text())["run"]["kernels"] == ["6.1"]


@pytest.mark.qemu
def test_a_run_is_run_again_and_checked_again(folder: Path, tmp_path: Path) -> None:
    first, again = tmp_path / "first", tmp_path / "again"
    args = ("-a", "arm64", "--observe", "end", "-q")
    assert pagelab("run", folder, "--out", first, *args).code == 0
    for path in folder.iterdir():
        path.unlink()
    done = pagelab("run", first / "rerun.toml", "--out", again, "-q")
    assert done.code == 0
    assert verdicts(again) == verdicts(first)
    assert len(verdicts(again)) == 3
    # The oracle needs no QEMU: without one in PATH it says the same.
    bare = pagelab("check", again / "traces", env={"PATH": "/nonexistent"})
    assert bare.code == 0
    # With one snapshot at the end, that of a program's last operation alone is compared.
    summary = bare.out.splitlines()[-1]
    assert "6 operations, 6 checked; 50% exact (" in summary
    assert summary.endswith("; exit code 0")
    trace = next(again.rglob("*.trace"))
    trace.write_bytes(trace.read_bytes()[:-100])
    cut = pagelab("check", trace)
    assert cut.code == 30


@pytest.mark.qemu
def test_all_skipped_is_no_pass(folder: Path, tmp_path: Path) -> None:
    done = pagelab("run", folder / "c.mm", "-a", "x86_64", "--out", tmp_path / "r")
    assert done.code == 30
    assert "requires: arch == arm64" in json.dumps(results(tmp_path / "r"))


# ---- streams -----------------------------------------------------------------------


def test_a_reader_who_leaves(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "harness", "doctor"]
    with subprocess.Popen(
        command, env=environment(), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        said = process.stderr.read()
        assert b"Traceback" not in said
        assert process.wait(60) in (0, 23)


def test_standard_output_that_is_full() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "harness", "--version"],
            env=environment(),
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 23
    assert done.stderr.splitlines() == [
        "pagelab: standard output cannot be written: No space left on device"
    ]


def test_an_exception_that_nobody_caught_is_exit_code_23() -> None:
    code = (
        "from harness import cli, commands\n"
        "def broken(argv): raise ZeroDivisionError('oh')\n"
        "commands.invoke = broken\n"
        "cli.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 23
    assert done.stderr.splitlines() == ["pagelab: internal error: ZeroDivisionError: oh"]


def test_interrupted_is_130() -> None:
    assert INTERRUPTED == 130


# ---- doctor, kernels ---------------------------------------------------------------


def test_doctor_says_what_is_there() -> None:
    done = pagelab("doctor")
    assert done.code == 0, done.out
    for word in ("qemu-system-x86_64", "qemu-system-aarch64", "cache", "memory", "guests"):
        assert re.search(rf"^ok +{word}", done.out, re.MULTILINE), word
    assert done.out.splitlines()[-1] == "`make check` can run here"


def test_doctor_names_what_is_missing(tmp_path: Path) -> None:
    done = pagelab("doctor", env={"PATH": str(tmp_path)})
    assert done.code == 23
    assert "apt-get install qemu-system-x86" in done.out
    assert "Traceback" not in done.out + done.err


def test_kernels_lists_what_is_known(tmp_path: Path) -> None:
    done = pagelab("kernels", env={"PAGELAB_CACHE": str(tmp_path)})
    assert done.code == 0
    assert re.search(r"^6\.1 ", done.out, re.MULTILINE)
