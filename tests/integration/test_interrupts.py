"""However pagelab ends: what was recorded is kept, and nothing that it started lives on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .command import ROOT, Running, results, verdicts

pytestmark = pytest.mark.qemu
COUNT = 5000


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough programs for a run of many seconds."""
    folder = tmp_path_factory.mktemp("many")
    text = (ROOT / "programs" / "fork" / "shares.mm").read_text("utf-8")
    for number in range(COUNT):
        (folder / f"{number:04}.mm").write_text(text)
    return folder


def recorded(out: Path) -> int:
    """How many traces there are."""
    return len(list(out.rglob("*.trace")))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_amid_programs(many: Path, tmp_path: Path, number: signal.Signals) -> None:
    out = tmp_path / "run"
    run = Running(tmp_path / "tmp", "run", many, "--out", out)
    run.wait_until(lambda: recorded(out) > 40 and len(run.guests()) == 2)
    ended = run.end(number, seconds=30)
    assert ended.code == 130, ended
    assert not run.left()
    value = results(out)
    assert value["exit_code"] == 130
    assert value["interrupted"]
    assert len(value["results"]) >= 20
    assert {one["verdict"] for one in value["results"]} == {"PASS"}
    lines = ended.out.splitlines()
    assert lines[-1] == str(out)
    assert lines[-2].endswith("; interrupted; exit code 130")
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("seed", range(6))
def test_ctrl_c_at_any_time(many: Path, tmp_path: Path, seed: int) -> None:
    moment = 0.15 + random.Random(seed).random() * (1.0, 2.0, 4.0, 6.0, 8.0, 12.0)[seed]
    out = tmp_path / "run"
    run = Running(tmp_path / "tmp", "run", many, "--out", out)
    time.sleep(moment)
    ended = run.end(signal.SIGINT, seconds=30)
    assert ended.code == 130, (moment, ended)
    assert "Traceback" not in ended.out + ended.err
    assert not run.left()
    if (out / "console").exists():
        assert results(out)["exit_code"] == 130


@pytest.mark.parametrize("milliseconds", range(0, 60, 5))
def test_ctrl_c_while_python_still_starts(milliseconds: int) -> None:
    command = Path(sys.executable).with_name("pagelab")
    process = subprocess.Popen([command, "kernels"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(milliseconds / 1000)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    # A shell calls both 130: before exec() there is nobody yet who could answer.
    assert process.returncode in (130, -signal.SIGINT)
    assert said in (b"pagelab: interrupted\n", b"")


def test_kill_9_leaves_no_guest(many: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    run = Running(tmp_path / "tmp", "run", many, "--out", out)
    run.wait_until(lambda: recorded(out) > 40 and len(run.guests()) == 2)
    assert run.end(signal.SIGKILL).code == -signal.SIGKILL
    assert not run.left()
    assert recorded(out) > 40


def test_a_guest_that_is_killed_costs_one_program(many: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    run = Running(tmp_path / "tmp", "run", many, "--out", out, "-a", "x86_64", "-j", "1")
    run.wait_until(lambda: recorded(out) > 100)
    (guest,) = run.guests()
    os.kill(guest, signal.SIGKILL)
    ended = run.end()
    assert ended.code == 21, ended
    said = list(verdicts(out).values())
    assert len(said) == COUNT
    assert said.count("GUEST_LOST") == 1
    assert said.count("PASS") == COUNT - 1
    assert "GUEST_LOST" in ended.out
    assert not run.left()
