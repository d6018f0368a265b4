"""Boot beside virtme-ng: the same kernel, the same CPU model, until something runs in the guest.

The kernel has what virtme-ng needs besides (images/kconfig/virtme.x86_64.config), for both. Its
word is an echo's, in a shell on the host's own root; ours is the first operation's outcome.
Both are emulated, and alternate; each counts from the spawn of what a user would spawn.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness import build, configuration, proc
from harness.arch import X86_64
from harness.errors import HarnessError
from harness.fresh import Fresh, Wanted
from harness.qemu_cmd import MEMORY_MB, cpu_model

from .bench_boot import booter, first_outcome
from .machine import Judged, Plan, median, table

LIMIT = 8.0
CONFIG = configuration.find(["virtme"])
WORD = b"the-shell-is-up"
REQUIREMENTS = "benchmarks/requirements.txt"
_SECONDS = 180.0
_SHOWN = 300


def command() -> Path:
    """Where vng is.

    Raises:
        HarnessError: it is not installed.
    """
    beside = Path(sys.executable).parent / "vng"
    found = beside if beside.exists() else proc.find("vng")
    if found is None:
        raise HarnessError(f"virtme-ng is missing: .venv/bin/pip install -r {REQUIREMENTS}")
    return found


def argv(vng: Path, kernel: Path) -> list[str]:
    """What boots this kernel and says the word; no KVM, as for our guests.

    Where the host's root has no udev, its init finds no ports for the shell's output, which goes
    to the console then; only --verbose shows that. The kernel itself is as quiet as without.
    """
    return [
        *(str(vng), "--run", str(kernel), "--disable-kvm", "--force-9p"),
        *("--cpus", "1", "--memory", f"{MEMORY_MB}M", "--verbose", "--append", "quiet"),
        f"--qemu-opts=-cpu {cpu_model(X86_64, 'tcg')}",
        *("--exec", f"echo {WORD.decode()}"),
    ]


@contextlib.contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    try:
        yield ends
    finally:
        for end in ends:
            os.close(end)


def virtme_boot(vng: Path, kernel: Path, folder: Path) -> float:
    """Seconds from the spawn to the word.

    Raises:
        HarnessError: it never came.
    """
    path = {"PATH": f"{vng.parent}:{proc.environment()['PATH']}"}
    said = b""
    started = time.monotonic()
    with (
        _pipe() as (reading, writing),
        proc.spawn(
            argv(vng, kernel), stdout=writing, stderr=writing, cwd=folder, env=path
        ) as process,
    ):
        poller = select.poll()
        poller.register(reading, select.POLLIN)
        poller.register(process, select.POLLIN)
        while WORD not in said:
            left = started + _SECONDS - time.monotonic()
            ready = dict(poller.poll(max(0.0, left) * 1000))
            if reading in ready:
                said += os.read(reading, 1 << 16)
            else:
                why = "ended without" if ready else f"took more than {_SECONDS:g} s for"
                end = said[-_SHOWN:].decode("utf-8", "replace")
                raise HarnessError(f"virtme-ng {why} its word: {end!r}")
        return time.monotonic() - started


def run(plan: Plan) -> Iterable[Judged]:
    """Prints the table; gives the ratios."""
    vng = command()
    built = build.build(plan.kernel, X86_64, CONFIG, cache=plan.cache)
    fresh = Fresh(built, Wanted(), plan.cache)
    seconds: dict[str, list[float]] = {"virtme-ng": [], "boot": [], "restore": []}
    with tempfile.TemporaryDirectory(prefix="pagelab-bench-") as name:
        folder = Path(name)
        for turn in range(plan.boots + 1):
            theirs = virtme_boot(vng, built.image, folder)
            booted = first_outcome(booter(built, "tcg"), folder).outcome
            restored = first_outcome(fresh.guest, folder).outcome
            if turn:  # the first ones fill the host's page cache, and make the snapshot
                for key, value in zip(seconds, (theirs, booted, restored), strict=True):
                    seconds[key].append(value)
    middle = {key: median(values) for key, values in seconds.items()}
    ratios = [middle["virtme-ng"] / middle[key] for key in ("boot", "restore")]
    print(f"virtme-ng: seconds from the spawn, medians of {plan.boots}, alternating")
    numbers = [f"{value:.3f}" for value in (*middle.values(), *ratios)]
    print(table(("", *middle, "boot ratio", "restore ratio"), [["x86_64", *numbers]]))
    return [
        Judged(f"virtme-ng's boot by our {key}", ratio, LIMIT, at_least=True)
        for key, ratio in zip(("boot", "restore"), ratios, strict=True)
    ]
