"""Whole campaigns, with workers that are processes; without QEMU but for the last tests."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness import fuzzing, output
from harness.cache import Cache
from harness.check import check_trace
from harness.generate import BATCH
from harness.interrupts import interrupts
from harness.jobs.backend import RealBackend
from harness.jobs.settings import Settings
from harness.model import Rules
from harness.model.state import P_DIRTY, Vma
from harness.program import Compiled
from harness.trace import Trace, decode
from harness.verdict import Verdict

SCRIPT = str(Path(__file__).parents[1] / "campaigns.py")
KILLS = int(os.environ.get("PAGELAB_KILLS", "4"))
SECONDS = 300.0


@pytest.fixture(autouse=True)
def let_go() -> Iterator[None]:
    """A campaign holds signals back at its end; here another test follows."""
    yield
    interrupts.held = False


def campaign(folder: Path, *words: str) -> dict[str, Any]:
    """Its results; it ended with a finding."""
    done = subprocess.run(
        [sys.executable, SCRIPT, str(folder), *words],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 10, done.stderr[-3000:]
    found = json.loads((folder / "results.json").read_text())
    told: dict[str, Any] = found["campaign"]
    return told


def known(told: dict[str, Any]) -> tuple[Any, ...]:
    """What does not depend on how it went."""
    names = ("programs", "operations", "checked", "programs_digest", "branches_reached", "corpus")
    return tuple(told[name] for name in names)


def test_programs_do_not_depend_on_the_number_of_workers(tmp_path: Path) -> None:
    programs = 3 * BATCH + 100
    one = campaign(tmp_path / "one", f"programs={programs}", "jobs=1")
    three = campaign(tmp_path / "three", f"programs={programs}", "jobs=3")
    assert known(one) == known(three)
    assert one["programs"] == programs
    assert one["verdicts"]["MISMATCH"] == three["verdicts"]["MISMATCH"]
    # The first programs are the same whoever asks for how many.
    timed = campaign(tmp_path / "timed", "time=3", "jobs=2")
    journals = [(tmp_path / name / "journal").read_text() for name in ("one", "timed")]
    digests = [
        [json.loads(line[9:]).get("digest") for line in text.splitlines()] for text in journals
    ]
    whole = [[digest for digest in several if digest] for several in digests]
    shorter = min(map(len, whole))
    assert shorter or timed["programs"] < BATCH
    assert whole[0][:shorter] == whole[1][:shorter]


def killed_once(folder: Path, words: Sequence[str], seconds: float) -> bool:
    """Runs or resumes it, kills it after that time; False where it had ended before."""
    before = {path.name for path in (folder / "findings").glob("*.mm")}
    resume = ["--resume"] if (folder / "journal").is_file() else []
    process = subprocess.Popen(
        [sys.executable, SCRIPT, str(folder), *words, *resume],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        said = process.communicate(timeout=seconds)[1].decode()
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        said = process.communicate()[1].decode()
    assert process.returncode in (-signal.SIGKILL, 10), said
    assert before <= {path.name for path in (folder / "findings").glob("*.mm")}
    if not (folder / "journal").is_file():
        shutil.rmtree(folder, ignore_errors=True)  # it had not begun
    return process.returncode != 10


def test_nothing_is_lost_however_often_it_is_killed(tmp_path: Path) -> None:
    words = (f"programs={4 * BATCH}", "jobs=2")
    whole = campaign(tmp_path / "whole", *words)
    draw = random.Random(os.environ.get("PAGELAB_KILL_SEED", "7"))
    kills = round_ = 0
    while kills < KILLS:
        folder = tmp_path / f"killed-{round_}"
        if killed_once(folder, words, draw.uniform(0.2, 6.0)):
            kills += 1
            if kills < KILLS:
                continue
        # It came to its end, in spite of all that; or it is time that it does.
        told = campaign(folder, *words, *(["--resume"] if folder.exists() else []))
        assert known(told) == known(whole)
        causes = [{one["cause"] for one in some["mismatches"]} for some in (told, whole)]
        assert causes[0] == causes[1]
        assert not list((folder / "pending").iterdir())
        round_ += 1


def test_a_worker_that_is_killed_is_made_good(tmp_path: Path) -> None:
    words = (f"programs={4 * BATCH}", "jobs=2")
    whole = campaign(tmp_path / "whole", *words)
    process = subprocess.Popen(
        [sys.executable, SCRIPT, str(tmp_path / "killed"), *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    killed = 0
    while process.poll() is None and killed < 2:
        time.sleep(2.0)
        for worker in workers_of(process.pid)[:1]:
            os.kill(worker, signal.SIGKILL)
            killed += 1
    assert process.wait(SECONDS) == 10
    assert killed
    told = json.loads((tmp_path / "killed" / "results.json").read_text())["campaign"]
    assert known(told) == known(whole)


def test_a_kernel_that_dies_on_every_program_ends_it(tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    done = subprocess.run(
        [sys.executable, SCRIPT, str(folder), "programs=100000", "jobs=2", "dies"],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 12, done.stderr[-2000:]
    told = json.loads((folder / "results.json").read_text())["campaign"]
    assert next(iter(told["given_up"].values())).startswith("KERNEL_FAULT: 20 guests in a row")
    assert told["programs"] < 2 * BATCH
    assert [one["verdict"] for one in told["mismatches"]] == ["KERNEL_FAULT"]
    assert len(list((folder / "console").iterdir())) <= 40


def workers_of(pid: int) -> list[int]:
    """The workers of that campaign: children of its keeper."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            above = int(Path(f"/proc/{parent}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if b"harness.jobs.campaign.worker" in words and pid in (parent, above):
            found.append(int(entry.name))
    return found


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--seed", "x"], "seed"),
        (["--seed", "-1"], "--seed -1"),
        (["--time", "0"], "--time 0: expected seconds, more than 0"),
        (["--time", "5", "--programs", "5"], "a campaign has one end"),
        (["--programs", "0"], "--programs 0"),
        (["--resume", "/nonexistent"], "no campaign's folder"),
        (["--resume", "/tmp", "--seed", "3"], "leave them out"),
        (["--corpus", "/nonexistent"], "no such file or folder"),
        (["-k", "9.99", "--time", "5"], "9.99"),
    ],
)
def test_wrong_words_are_refused(words: list[str], said: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "harness", "fuzz", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


# ---- with guests ------------------------------------------------------------------------


class Wrong(Rules):
    """A page that a write has copied is clean."""

    def copy_pte(self, vma: Vma) -> int:
        return super().copy_pte(vma) & ~P_DIRTY


class WrongOracle(RealBackend):
    """Real guests, and a model with that rule turned round."""

    def check(self, trace: Trace, compiled: Compiled) -> Any:
        return check_trace(trace, compiled=compiled, rules=Wrong)


@pytest.mark.qemu
@pytest.mark.slow
def test_a_wrong_model_is_found_and_made_small(tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    code = fuzzing.fuzz(
        fuzzing.Wanted(seed=7, programs=BATCH // 2, out=folder),
        Settings().but(arches=["x86_64"]),
        chosen=False,
        jobs=2,
        files=output.Files(),
        quiet=True,
        verbose=True,
        backend=WrongOracle(Cache()),
    )
    assert code == 10
    told = json.loads((folder / "results.json").read_text())["campaign"]
    mine = []
    for one in told["mismatches"]:
        trace = decode((folder / one["traces"]["shrunk"]).read_bytes(), "shrunk")
        if check_trace(trace).verdict is Verdict.PASS:  # the kernel is as the right model has it
            mine.append(one)
            program = folder / one["program"]
            assert program.read_text().endswith(trace.header.text)
            assert f"pagelab run {program}" in program.with_suffix(".txt").read_text()
    assert mine, told["mismatches"]
    assert any(one["detail"]["text"].endswith("differs") for one in mine)
    assert all(one["operations"] <= 8 and one["how"] == "alone" for one in mine)


@pytest.mark.qemu
def test_a_guest_that_is_killed_costs_one_program(tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "harness", "fuzz", "--seed", "7", "--programs", "256"),
            *("-a", "arm64", "-j", "1", "--out", str(folder), "-q"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + SECONDS
    while not (pids := guests_of(folder)) and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(2.0)
    for pid in guests_of(folder) or pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    said = process.communicate(timeout=SECONDS)[1].decode()
    assert process.returncode in (0, 10), said
    told = json.loads((folder / "results.json").read_text())["campaign"]
    assert told["programs"] == 256
    assert told["verdicts"].get("GUEST_LOST", 0) == 0
    assert told["guests_lost"] == 1


def guests_of(folder: Path) -> list[int]:
    """QEMUs that a worker of that campaign has: descendants of its keeper."""
    parents: dict[int, int] = {}
    qemus = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError, IndexError):
            number = int(entry.name)
            stat = (entry / "stat").read_text()
            parents[number] = int(stat.rpartition(")")[2].split()[1])
            if "(qemu-system" in stat:
                qemus.append(number)
    keepers = {number for number in parents if parents.get(number) == os.getpid()}
    return [pid for pid in qemus if _above(pid, parents) & {*keepers, os.getpid()}]


def _above(pid: int, parents: dict[int, int]) -> set[int]:
    found = set()
    while pid in parents and pid not in found:
        found.add(pid)
        pid = parents[pid]
    return found
