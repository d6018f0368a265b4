"""Peak resident memory of `pagelab run programs` and of each of its helpers, QEMU apart."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness import proc
from harness.errors import HarnessError

from .machine import Judged, Plan, table

LIMIT_MB = 150.0
PROGRAMS = Path(__file__).parent.parent / "programs"
_SECONDS = 600.0
_SAMPLE = 0.02
_NAME_MAX = 40


def _children(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        yield from map(int, task.read_text().split())


def tree(pid: int) -> Iterator[int]:
    """A process and all that it has started, as far as they live."""
    yield pid
    with contextlib.suppress(OSError):
        for child in list(_children(pid)):
            yield from tree(child)


def _peak(pid: int) -> tuple[str, float]:
    """What it runs and its peak in MB, as far as it has got.

    Raises:
        OSError, ValueError: it is gone.
    """
    command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            name = Path(command[0].decode()).name
            if name.startswith("python"):
                name = " ".join(part.decode() for part in command[1:4])
            if not name:
                break
            return name[:_NAME_MAX], int(line.split()[1]) / 1024
    raise ValueError("it has ended")


def watch(command: list[str]) -> dict[tuple[int, str], float]:
    """Runs a command; process -> peak in MB. Peaks only grow, so that the last sample counts.

    Raises:
        HarnessError: it did not end, or ended badly.
    """
    peaks: dict[tuple[int, str], float] = {}
    deadline = time.monotonic() + _SECONDS
    with tempfile.TemporaryFile() as output:
        process = proc.spawn(command, stdout=output.fileno(), stderr=output.fileno())
        try:
            while (status := process.poll()) is None:
                if time.monotonic() > deadline:
                    raise HarnessError(f"{command} did not end within {_SECONDS:g} s")
                for pid in tree(process.pid):
                    with contextlib.suppress(OSError, ValueError):
                        name, peak = _peak(pid)
                        peaks[pid, name] = max(peak, peaks.get((pid, name), 0.0))
                process.wait(_SAMPLE)
        finally:
            process.close()
        if status:
            output.seek(0)
            said = output.read().decode("utf-8", "replace")
            raise HarnessError(f"pagelab ended with {status}: {said.strip()[-300:]}")
    return peaks


def run(plan: Plan) -> Iterable[Judged]:
    """Prints the table; gives the largest process and the sum of all."""
    for arch in plan.arches:
        plan.built(arch)  # nothing is built while it is measured
    with tempfile.TemporaryDirectory(prefix="pagelab-bench-") as folder:
        command = [sys.executable, "-m", "harness", "run", str(PROGRAMS), "-k", plan.kernel]
        for arch in plan.arches:
            command += ["-a", arch.name]
        peaks = watch([*command, "--out", folder, "--jobs", str(os.cpu_count() or 1)])
    # A child between fork and exec has no memory of its own yet.
    seen = {pid for pid, name in peaks if name.startswith("qemu-system")}
    own = {key: peak for key, peak in peaks.items() if key[0] not in seen}
    named: dict[str, list[float]] = {}
    for (_, name), peak in own.items():
        named.setdefault(name, []).append(peak)
    print("memory: peak resident MB of pagelab run programs")
    rows = [[name, str(len(found)), f"{max(found):.1f}"] for name, found in named.items()]
    print(table(("process", "times", "largest"), sorted(rows, key=lambda row: -float(row[2]))))
    return [Judged("pagelab's processes together, MB", sum(own.values()), LIMIT_MB)]
