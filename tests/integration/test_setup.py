"""tools/setup.sh on a copy of the clone, with a lock of one small package."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from harness.tree import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.network]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What set-up needs of a clone, in a folder with a space in its name."""
    clone = tmp_path / "a clone"
    clone.mkdir()
    for name in ("tools", "images", "harness"):
        shutil.copytree(ROOT / name, clone / name)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, clone)
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    one = re.search(r"^flit-core==.*?(?=^\S)", lock, re.M | re.S)
    assert one
    (clone / "requirements.lock").write_text(one.group(), "utf-8")
    return clone


def start(clone: Path) -> subprocess.Popen[str]:
    """A set-up in a process group of its own, as a terminal gives it one."""
    return subprocess.Popen(
        [str(clone / "tools/setup.sh")],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(setup: subprocess.Popen[str]) -> tuple[int, str]:
    """Its exit status, and what it said."""
    _, said = setup.communicate(timeout=300)
    return setup.returncode, said


def works(clone: Path) -> bool:
    """Whether the environment imports the clone's own package."""
    python = clone / ".venv/bin/python"
    code = "import flit_core, harness; print(harness.__file__)"
    seen = subprocess.run(
        [python, "-c", code], cwd="/", capture_output=True, text=True, check=False
    )
    return seen.stdout.strip() == str(clone / "harness/__init__.py")


def test_interrupted_twice_at_once_damaged_and_moved(clone: Path) -> None:
    interrupted = start(clone)
    deadline = time.monotonic() + 60
    while not (clone / ".venv/bin").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(interrupted.pid, signal.SIGINT)
    code, said = finish(interrupted)
    assert code == 130
    assert "Traceback" not in said

    both = [start(clone), start(clone)]
    ended = [finish(setup) for setup in both]
    assert [code for code, _ in ended] == [0, 0], ended
    assert sum("making .venv" in said for _, said in ended) == 1
    assert works(clone)
    assert finish(start(clone)) == (0, "")

    next(clone.glob(".venv/lib/*/site-packages/flit_core/buildapi.py")).write_text("")
    assert "making .venv" in finish(start(clone))[1]
    assert works(clone)

    moved = clone.rename(clone.with_name("another place"))
    assert "making .venv" in finish(start(moved))[1]
    assert works(moved)


def test_a_wrong_hash_is_one_line_and_leaves_no_environment_that_counts(clone: Path) -> None:
    lock = clone / "requirements.lock"
    whole = lock.read_text("utf-8")
    lock.write_text(re.sub(r"sha256:[0-9a-f]{8}", "sha256:00000000", whole), "utf-8")
    code, said = finish(start(clone))
    assert code == 23
    assert said.splitlines()[-1].startswith("set-up: pip could not fill .venv")
    lock.write_text(whole, "utf-8")
    assert finish(start(clone))[0] == 0
    assert works(clone)
