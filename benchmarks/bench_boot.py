"""Boot: from the spawn of QEMU to the first operation's outcome, against a bare boot.

The bare boot has the same kernel and the same machine, but for the virtio port
that nobody there would speak on; its init says one word. Both alternate, so
that whatever else the machine does meets both.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from harness import accel, build, cpio, guest, language, layout, proc, sources, toolchain, vm
from harness.arch import Arch
from harness.errors import HarnessError
from harness.qemu_cmd import Machine

from .machine import Judged, Plan, median, table

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


def bare_boot(built: build.Built, initramfs: Path, how: str, log: Path) -> float:
    """Seconds from the spawn to the word.

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
        channel="serial",
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
        return time.monotonic() - started
    except TimeoutError:
        raise HarnessError(f"no word within {_BOOT_SECONDS:g} s: {said[-300:]!r}") from None
    finally:
        running.close()


def first_outcome(
    begin: Callable[[Path], AbstractContextManager[guest.Guest]], folder: Path
) -> tuple[float, float]:
    """Seconds from the spawn to the hello, and to the outcome of one operation.

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
            return booted.environment.boot_seconds, time.monotonic() - started
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
        for arch in plan.arches:
            built = plan.built(arch)
            how = accel.probe(arch, plan.cache).accel
            bare = bare_initramfs(plan, arch, folder)
            seconds: dict[str, list[float]] = {"bare": [], "hello": [], "outcome": []}
            for turn in range(plan.boots + 1):
                word = bare_boot(built, bare, how, folder / "bare.log")
                hello, outcome = first_outcome(booter(built, how), folder)
                if turn:  # the first ones fill the host's page cache
                    for key, value in zip(seconds, (word, hello, outcome), strict=True):
                        seconds[key].append(value)
            middle = {key: median(values) for key, values in seconds.items()}
            ratio = middle["outcome"] / middle["bare"]
            numbers = [f"{value:.3f}" for value in (*middle.values(), ratio)]
            rows.append([arch.name, *numbers, f"{min(seconds['outcome']):.3f}"])
            found.append(Judged(f"boot, {arch.name}, ratio", ratio, LIMIT))
    print(f"boot: seconds from the spawn, medians of {plan.boots}, alternating")
    print(table(("", "bare", "hello", "outcome", "ratio", "best outcome"), rows))
    return found
