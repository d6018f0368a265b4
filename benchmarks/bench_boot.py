"""Boot: from the spawn of QEMU to the first operation's outcome, against a bare boot.

The bare boot has the same kernel and the same machine, every device included;
its init says one word. Both alternate, so that whatever else the machine does
meets both; the processor time of QEMU stands beside the seconds.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from harness import accel, build, cpio, guest, language, layout, proc, sources, toolchain, vm
from harness.arch import Arch
from harness.errors import HarnessError
from harness.qemu_cmd import Machine

from .machine import Judged, Plan, median, processor_seconds, table

LIMIT = 1.25
WORD = b"bare-boot-is-up"
SOURCE = Path(__file__).parent / "bare" / "init.c"
TEXT = "m = mmap(pages=1, prot=rw, flags=private|anon)\n"
_FLAGS = ("-static", "-nostdlib", "-ffreestanding", "-O2", "-fno-pie", "-no-pie", "-s")
_BOOT_SECONDS = 60.0


def bare_initramfs(plan: Plan, arch: Arch, folder: Path) -> Path:
    """An initramfs whose init says one word.

    Raises:
        HarnessError: no compiler, or it does not compile.
    """
    kernel, _ = sources.named(plan.kernel)
    tools = toolchain.choose(arch, kernel.compilers, plan.cache)
    init = folder / f"init-{arch.name}"
    command: list[str | Path] = [tools.cc, *_FLAGS, "-fno-stack-protector", "-o", init, SOURCE]
    proc.run(command, timeout=60).check("compiling the bare init")
    entries = (
        cpio.character_device("dev/console", 5, 1),
        cpio.file("init", init.read_bytes(), 0o755),
    )
    path = folder / f"bare-{arch.name}.cpio"
    path.write_bytes(cpio.write(entries))
    return path


@dataclass(frozen=True, slots=True)
class Booted:
    """One boot, or one restore.

    Attributes:
        hello: seconds from the spawn to the agent's hello; of a bare boot to its word.
        outcome: to the outcome of one operation.
        processor: QEMU's processor time till then.
    """

    hello: float
    outcome: float
    processor: float


def bare_boot(built: build.Built, initramfs: Path, how: str, log: Path) -> Booted:
    """From the spawn to the word.

    Raises:
        HarnessError: it never came.
    """
    machine = Machine(
        arch=built.arch,
        kernel=str(built.image),
        initrd=str(initramfs),
        accel=how,
        version=accel.qemu_version(built.arch),
        counter_khz=accel.counter_khz(built.arch, how),
        disk=str(built.disk),
    )
    started = time.monotonic()
    running = vm.start(machine, log)
    said = b""
    try:
        running.console.settimeout(_BOOT_SECONDS)
        while WORD not in said:
            data = running.console.recv(1 << 16)
            if not data:
                raise HarnessError(f"the bare guest ended without a word: {said[-300:]!r}")
            said += data
        seconds = time.monotonic() - started
        return Booted(seconds, seconds, processor_seconds(running.pid))
    except TimeoutError:
        raise HarnessError(f"no word within {_BOOT_SECONDS:g} s: {said[-300:]!r}") from None
    finally:
        running.close()


def first_outcome(
    begin: Callable[[Path], AbstractContextManager[guest.Guest]], folder: Path
) -> Booted:
    """From the spawn to the outcome of one operation.

    Args:
        begin: gives a guest; takes the console log's path.

    Raises:
        PagelabError: no guest, or the operation did not end.
    """
    compiled = layout.compile_program(language.parse(TEXT, "boot"))
    request = guest.Request("boot", TEXT, compiled, folder / "boot.trace", stream=True)
    started = time.monotonic()
    with begin(folder / "console.log") as booted:
        for result in booted.run(iter((request,))):
            if result.ending.verdict:
                raise HarnessError(f"{result.ending.verdict}: {result.ending.text}")
            seconds = time.monotonic() - started
            return Booted(booted.environment.boot_seconds, seconds, processor_seconds(booted.pid))
    raise HarnessError("the guest ran nothing")


def booter(built: build.Built, how: str) -> Callable[[Path], guest.Guest]:
    """What boots guests, never restores them; `how` is the acceleration."""

    def boot(log: Path) -> guest.Guest:
        return guest.boot(built, accel=how, console_log=log)

    return boot


def run(plan: Plan) -> Iterable[Judged]:
    """Prints the table; gives the ratio of each architecture."""
    rows, found = [], []
    with tempfile.TemporaryDirectory(prefix="pagelab-bench-") as name:
        folder = Path(name)
        for built, how in plan.machines():
            bare = bare_initramfs(plan, built.arch, folder)
            pairs: list[tuple[Booted, Booted]] = []
            for _ in range(plan.boots + 1):
                word = bare_boot(built, bare, how, folder / "bare.log")
                pairs.append((word, first_outcome(booter(built, how), folder)))
            del pairs[0]  # the first ones fill the host's page cache
            seconds = [
                median([word.hello for word, _ in pairs]),
                median([ours.hello for _, ours in pairs]),
                median([ours.outcome for _, ours in pairs]),
            ]
            ratio = seconds[2] / seconds[0]
            work = median([ours.processor / word.processor for word, ours in pairs])
            best = min(ours.outcome for _, ours in pairs)
            numbers = [f"{value:.3f}" for value in (*seconds, ratio, work, best)]
            rows.append([built.arch.name, *numbers])
            found.append(Judged(f"boot, {built.arch.name}, ratio", ratio, LIMIT))
    print(f"boot: seconds from the spawn, medians of {plan.boots}, alternating")
    head = ("", "bare", "hello", "outcome", "ratio", "of QEMU's work", "best outcome")
    print(table(head, rows))
    return found
