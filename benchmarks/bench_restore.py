"""Restore: a fresh guest from a snapshot, from the spawn of QEMU to the agent's first answer.

A boot of the same machine stands beside each, so that whatever else the machine does meets
both. The snapshot is made before anything is measured.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

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
        for built, how in plan.machines():
            arch = built.arch
            if how != "tcg":
                rows.append([arch.name, *["-"] * 5])  # guests under KVM are booted
                continue
            fresh = Fresh(built, Wanted(accel=how), plan.cache)
            with fresh.guest(folder / "console.log") as made:
                if not made.environment.snapshot:
                    raise HarnessError(fresh.take_note())
            pairs = [
                (first_outcome(booter(built, how), folder), first_outcome(fresh.guest, folder))
                for _ in range(plan.boots)
            ]
            boots = median([boot.outcome for boot, _ in pairs])
            hellos = median([ours.hello for _, ours in pairs])
            outcomes = median([ours.outcome for _, ours in pairs])
            best = min(ours.hello for _, ours in pairs)
            numbers = (boots, hellos, outcomes, boots / outcomes, best)
            rows.append([arch.name, *[f"{value:.3f}" for value in numbers]])
            found.append(Judged(f"restore, {arch.name}, s to the hello", hellos, LIMIT))
    print(f"restore: seconds from the spawn, medians of {plan.boots}, a boot beside each")
    print(table(("", "boot", "hello", "outcome", "times faster", "best hello"), rows))
    return found
