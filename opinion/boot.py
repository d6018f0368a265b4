"""The guest that runs the self-test: built from the kernel's own source, booted, listened to."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import accel, build, cpio, kmod_build, proc, sources, toolchain, vm
from harness.arch import Arch
from harness.build import Built
from harness.cache import Cache, digest_of
from harness.errors import GuestTimeout, HarnessError
from harness.progress import SILENT, Progress
from harness.qemu_cmd import Machine

from .cases import Case
from .observe import Observed, observed

ACCEL = "tcg"
KIND = "selftest"
RECIPE = "1"
ROOM = 1 << 30
GUEST = Path(__file__).parent / "guest"
_VM = "tools/testing/selftests/vm"
_FILES = (
    "mm/gup_test.h",
    f"{_VM}/gup_test.c",
    f"{_VM}/util.h",
    "tools/testing/selftests/kselftest.h",
)
_FLAGS = ("-static", "-O2", "-s", "-pthread")
_COMPILE_SECONDS = 300.0
_RUN_SECONDS = 60.0  # of all cases, at slowdown 1


@dataclass(frozen=True, slots=True)
class Programs:
    """What the guest is made of, static programs."""

    init: Path
    gup_test: Path


def programs(kernel: str, arch: Arch, *, cache: Cache, progress: Progress = SILENT) -> Programs:
    """The self-test and the init that runs it, from the cache or compiled.

    Raises:
        HarnessError: no compiler, or they do not compile.
    """
    source = sources.fetch(kernel, cache, progress)
    tools = toolchain.choose(arch, source.kernel.compilers, cache)
    own = [GUEST / "init.c", GUEST / "ioctl.c"]
    what = f"the kernel's self-test for {arch.name}"

    def make(made: Path) -> None:
        progress.step(f"compiling {what}")
        with cache.scratch("selftest") as scratch:
            (scratch / "package").mkdir()
            tree = scratch / "tree"
            sources.extract(source, _FILES, tree, scratch / "package")
            tested = [tree / _VM / "gup_test.c", GUEST / "ioctl.c"]
            wrapped = ["-Wl,--wrap=ioctl", f"-I{tree}"]
            _compile(tools, made / "gup_test", tested, wrapped)
            _compile(tools, made / "init", own[:1], ["-Wall", "-Wextra"])

    digest = digest_of(RECIPE, source.digest, tools.version, *_FILES, *_FLAGS, *own)
    key = f"{source.version}-{arch.name}-{digest[:24]}"
    path = cache.publish(KIND, key, make, what=what, needs=ROOM, progress=progress).path
    return Programs(path / "init", path / "gup_test")


def _compile(
    tools: toolchain.Toolchain, output: Path, files: Sequence[Path], words: Sequence[str]
) -> None:
    done = proc.run(
        [tools.cc, *_FLAGS, *words, "-o", output, *files], timeout=_COMPILE_SECONDS
    ).check(f"compiling {output.name}")
    kmod_build.no_warnings(done, output.name)


def run(
    built: Built, made: Programs, cases: Sequence[Case], folder: Path | None = None
) -> list[Observed]:
    """Boot a guest and have it run every case.

    Args:
        folder: where the console's log stays; nowhere if not given.

    Raises:
        GuestTimeout: it did not come to an end.
        HarnessError: it ended early.
    """
    with tempfile.TemporaryDirectory(prefix="pagelab-opinion-") as name:
        return _run(built, made, cases, Path(name), folder or Path(name))


def _run(
    built: Built, made: Programs, cases: Sequence[Case], scratch: Path, folder: Path
) -> list[Observed]:
    initrd = scratch / "initramfs.cpio"
    initrd.write_bytes(
        cpio.write(
            (
                cpio.directory("dev"),
                cpio.character_device("dev/console", 5, 1),
                cpio.file("init", made.init.read_bytes(), 0o755),
                cpio.file("gup_test", made.gup_test.read_bytes(), 0o755),
                cpio.file("cases", "".join(f"{case.line}\n" for case in cases).encode()),
            )
        )
    )
    machine = Machine(
        arch=built.arch,
        kernel=str(built.image),
        initrd=str(initrd),
        disk=str(built.disk),
        accel=ACCEL,
        version=accel.qemu_version(built.arch),
        counter_khz=accel.counter_khz(built.arch, ACCEL),
        channel="serial",
        boot_args=("loglevel=8",),
    )
    log = folder / f"console-{built.arch.name}.log"
    guest = vm.start(machine, log)
    try:
        guest.drain()
        seconds = _RUN_SECONDS * accel.slowdown(ACCEL)
        if guest.wait(seconds) is None:
            raise GuestTimeout(f"the self-test took more than {seconds:g} s", tail=guest.log.tail)
    finally:
        guest.close()
    seen = observed(log.read_text("utf-8", errors="replace"))
    if len(seen) != len(cases):
        raise HarnessError(f"the guest ran {len(seen)} of {len(cases)} cases")
    return seen


def prepared(kernel: str, arch: Arch, cache: Cache, progress: Progress) -> tuple[Built, Programs]:
    """Everything that an opinion is made with, out of the cache or built into it."""
    built = build.build(kernel, arch, cache=cache, progress=progress)
    return built, programs(kernel, arch, cache=cache, progress=progress)
