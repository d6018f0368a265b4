"""The command as a user starts it, for tests: started, watched, stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 300.0


@dataclass(frozen=True)
class Ended:
    """A command that ended."""

    code: int
    out: str
    err: str

    def one_line(self) -> str:
        """The one line of standard error; fails if there is more, or a traceback anywhere."""
        assert "Traceback" not in self.out + self.err
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        return lines[0]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Ours, with the checkout importable from every folder."""
    return dict(os.environ) | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1"} | dict(extra or {})


def pagelab(
    *args: str | Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    seconds: float = SECONDS,
    before: Sequence[str] = (),
) -> Ended:
    """Runs it to its end.

    Args:
        args: of the command line.
        env: variables over ours.
        cwd: its folder, the checkout if None.
        seconds: its deadline.
        before: a command that runs it ("unshare", "-m").
    """
    done = subprocess.run(
        [*before, sys.executable, "-m", "harness", *map(str, args)],
        env=environment(env),
        cwd=cwd or ROOT,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


class Running:
    """A `pagelab run` that goes on, and all the processes that belong to it.

    Args:
        folder: an empty folder for its temporary files, by which its processes are known.
        args: of the command line.
    """

    def __init__(self, folder: Path, *args: str | Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._mark = f"TMPDIR={folder}".encode()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "harness", *map(str, args)],
            env=environment({"TMPDIR": str(folder)}),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    def processes(self) -> dict[int, str]:
        """Everything that it started and that still lives, itself too: name by process id."""
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                if self._mark in (entry / "environ").read_bytes().split(b"\0"):
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                    found[int(entry.name)] = Path(os.fsdecode(words[0])).name
            except OSError:
                continue
        return found

    def guests(self) -> list[int]:
        """Process ids of its QEMUs."""
        return [pid for pid, name in self.processes().items() if name.startswith("qemu-system-")]

    def wait_until(self, ready: Callable[[], object], seconds: float = 120.0) -> None:
        """Waits for something that it does; fails if it ends before."""
        deadline = time.monotonic() + seconds
        while not ready():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline, "nothing happened"
            time.sleep(0.01)

    def end(self, number: signal.Signals | None = None, seconds: float = SECONDS) -> Ended:
        """Sends a signal, if any, and waits for its end."""
        if number is not None:
            self.process.send_signal(number)
        try:
            out, err = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return Ended(self.process.returncode, out, err)

    def left(self, seconds: float = 5.0) -> dict[int, str]:
        """Processes that outlived it by some seconds; should be none."""
        deadline = time.monotonic() + seconds
        while (alive := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return alive


def results(folder: Path) -> dict[str, Any]:
    """A run folder's results.json."""
    value = json.loads((folder / "results.json").read_text("utf-8"))
    assert isinstance(value, dict)
    return value


def verdicts(folder: Path) -> dict[tuple[str, str], str]:
    """Verdict by program's file name and architecture."""
    return {
        (Path(one["program"]).name, one["arch"]): one["verdict"]
        for one in results(folder)["results"]
    }
