"""Whole campaigns, with workers that are processes; without QEMU but for the last tests."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from harness.generate import BATCH

SCRIPT = str(Path(__file__).parents[1] / "campaigns.py")
KILLS = int(os.environ.get("PAGELAB_KILLS", "4"))
SECONDS = 300.0


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


def test_nothing_is_lost_however_often_it_is_killed(tmp_path: Path) -> None:
    words = (f"programs={5 * BATCH}", "jobs=2")
    whole = campaign(tmp_path / "whole", *words)
    folder = tmp_path / "killed"
    draw = random.Random(os.environ.get("PAGELAB_KILL_SEED", "7"))
    found: set[str] = set()
    resumed: list[str] = []
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, SCRIPT, str(folder), *words, *resumed],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        time.sleep(draw.uniform(0.2, 6.0))
        ended = process.poll()
        process.send_signal(signal.SIGKILL)
        assert process.stderr is not None
        said = process.stderr.read().decode()
        process.wait(10)
        process.stderr.close()
        assert ended in (None, 10), said
        now = {path.name for path in (folder / "findings").glob("*.mm")}
        assert found <= now
        found = now
        resumed = ["--resume"] if (folder / "journal").is_file() else []
        if not resumed and folder.exists():
            for path in sorted(folder.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
    told = campaign(folder, *words, *resumed)
    assert known(told) == known(whole)
    assert {one["cause"] for one in told["mismatches"]} == {
        one["cause"] for one in whole["mismatches"]
    }
    assert not list((folder / "pending").iterdir())


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
