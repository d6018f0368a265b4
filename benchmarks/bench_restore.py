"""Restore: a fresh guest from a snapshot, from the spawn of QEMU to the agent's first answer.

A boot of the same machine stands beside each, so that whatever else the machine does meets
both. The snapshot is made before anything is measured.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from harness import accel
from harness.errors import HarnessError
from harness.fresh import Fresh, Wanted

from .bench_boot import booter, first_outcome
from .machine import Judged, Plan, median, table

LIMIT = 0.15


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
            with fresh.guest(folder / "console.log") as made:
                if not made.environment.snapshot:
                    raise HarnessError(fresh.take_note())
            seconds: dict[str, list[float]] = {"boot": [], "hello": [], "outcome": []}
            for _ in range(plan.boots):
                _, booted = first_outcome(booter(built, how), folder)
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
