"""Restore: a fresh guest from a snapshot, from the spawn of QEMU to the agent's first answer.

A boot of the same machine stands beside each, so that whatever else the machine does meets
both. The snapshot is made before anything is measured.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from harness import accel, guest, language, layout
from harness.errors import HarnessError
from harness.fresh import Fresh, Wanted

from .bench_boot import TEXT
from .machine import Judged, Plan, median, table

LIMIT = 0.15


def first_outcome(
    begin: Callable[[Path], AbstractContextManager[guest.Guest]], folder: Path
) -> tuple[float, float]:
    """Seconds from the spawn to the hello, and to the outcome of one operation.

    Raises:
        PagelabError: no guest, or the operation did not end.
    """
    compiled = layout.compile_program(language.parse(TEXT, "restore"))
    request = guest.Request("restore", TEXT, compiled, folder / "restore.trace", stream=True)
    started = time.monotonic()
    with begin(folder / "console.log") as booted:
        for result in booted.run(iter((request,))):
            if result.ending.verdict:
                raise HarnessError(f"{result.ending.verdict}: {result.ending.text}")
            return booted.environment.boot_seconds, time.monotonic() - started
    raise HarnessError("the guest ran nothing")


def run(plan: Plan) -> Iterable[Judged]:
    """Prints the table; gives the restores' medians."""
    rows, found = [], []
    with tempfile.TemporaryDirectory(prefix="pagelab-bench-") as name:
        folder = Path(name)
        for arch in plan.arches:
            built = plan.built(arch)
            how = accel.probe(arch, plan.cache).accel
            if how != "tcg":
                rows.append([arch.name, *["-"] * 5])  # guests under KVM are booted
                continue
            fresh = Fresh(built, Wanted(accel=how), plan.cache)

            def boot(log: Path) -> guest.Guest:
                return guest.boot(built, accel=how, console_log=log)  # noqa: B023

            with fresh.guest(folder / "console.log") as made:
                if not made.environment.snapshot:
                    raise HarnessError(fresh.take_note())
            seconds: dict[str, list[float]] = {"boot": [], "hello": [], "outcome": []}
            for _ in range(plan.boots):
                _, booted = first_outcome(boot, folder)
                hello, outcome = first_outcome(fresh.guest, folder)
                for key, value in zip(seconds, (booted, hello, outcome), strict=True):
                    seconds[key].append(value)
            boots, hellos, outcomes = (median(values) for values in seconds.values())
            numbers = (boots, hellos, outcomes, boots / outcomes, min(seconds["hello"]))
            rows.append([arch.name, *[f"{value:.3f}" for value in numbers]])
            found.append(Judged(f"restore, {arch.name}, s to the hello", hellos, LIMIT))
    print(f"restore: seconds from the spawn, medians of {plan.boots}, a boot beside each")
    print(table(("", "boot", "hello", "outcome", "times faster", "best hello"), rows))
    return found
