"""A campaign in a world without QEMU, as a process of its own, to be killed at any moment.

usage: python tests/campaigns.py FOLDER [--resume] [options of pagelab fuzz]
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

TESTS = Path(__file__).parent
sys.path[:0] = [str(TESTS.parent), str(TESTS)]

from unit.fakes import Fate, Seen, World  # noqa: E402

from harness import fuzzing, output  # noqa: E402
from harness.interrupts import interrupts  # noqa: E402
from harness.jobs.settings import Settings  # noqa: E402
from harness.verdict import Verdict  # noqa: E402


def some_differ(name: str, seen: Seen) -> Fate:
    """One program of a hundred differs, and one in five hundred does so once."""
    number = int(name.removesuffix(".mm").rpartition("-")[2]) if name.startswith("fuzz") else 1
    if number % 500 == 77 and len(seen.ran) > 1:
        return Fate(Verdict.MISMATCH)
    return Fate(Verdict.MISMATCH if number % 100 == 42 else Verdict.PASS)


def all_die(name: str, seen: Seen) -> Fate:
    """Every program kills its guest."""
    return Fate(Verdict.KERNEL_FAULT, "KERNEL_FAULT", complete=False)


class Quick(World):
    """Guests that are there at once."""


def main() -> int:
    """Runs or resumes it."""
    interrupts.install()
    folder, *words = sys.argv[1:]
    resume = "--resume" in words
    numbers = {word.partition("=")[0]: int(word.partition("=")[2]) for word in words if "=" in word}
    wanted = fuzzing.Wanted(
        seed=None if resume else 7,
        seconds=numbers.get("time") or None,
        programs=numbers.get("programs") or None,
        resume=Path(folder) if resume else None,
        out=None if resume else Path(folder),
    )
    return fuzzing.fuzz(
        wanted,
        Settings().but(arches=["x86_64"]),
        chosen=False,
        jobs=numbers.get("jobs", 2),
        files=output.Files(),
        quiet=True,
        verbose=True,
        backend=Quick(all_die if "dies" in words else some_differ),
    )


if __name__ == "__main__":
    import campaigns  # workers know it by this name

    code = campaigns.main()
    sys.stdout.flush()
    os._exit(code)
