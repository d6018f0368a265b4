"""The module, built against a cached kernel without that kernel's source."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import proc
from .cache import Cache, digest_of
from .errors import HarnessError
from .kbuild import FIXED, KernelBuild
from .progress import Progress
from .toolchain import Toolchain
from .tree import KMOD

KIND = "module"
RECIPE = "2"
NAME = "pagelab.ko"
BUILD_SECONDS = 900.0
ROOM = 300 << 20
# Of a kernel that somebody else built, with the same version of gcc or another one.
_ANOTHER_COMPILER = "warning: the compiler differs from the one used to build the kernel"


@dataclass(frozen=True, slots=True)
class ModuleBuild:
    """A built module in the cache: its file, and the entry's key."""

    path: Path
    key: str


def source_files(folder: Path) -> list[Path]:
    """What the module is made of; not what a build beside it may have left."""
    files = [*folder.glob("*.[ch]"), *folder.glob("Kbuild")]
    return sorted(path for path in files if not path.name.endswith(".mod.c"))


def build(
    kernel: KernelBuild,
    toolchain: Toolchain,
    *,
    cache: Cache,
    progress: Progress,
    folder: Path = KMOD,
) -> ModuleBuild:
    """The module for a kernel, from the cache or built.

    Args:
        kernel: what it is for.
        toolchain: what built that kernel.
        cache, progress: as everywhere.
        folder: the module's source.

    Raises:
        HarnessError: it does not build, or not without warnings.
    """
    files = source_files(folder)
    names = [path.name for path in files]
    digest = digest_of(RECIPE, kernel.module_digest, *names, *files)
    what = f"the module for Linux {kernel.version}, {kernel.arch.name} ({kernel.config})"

    def make(made: Path) -> Mapping[str, str]:
        progress.step(f"building {what}")
        with cache.scratch("module") as scratch:
            _make(kernel, toolchain, files, scratch, what)
            shutil.copyfile(scratch / "kmod" / NAME, made / NAME)
        return {"kernel": kernel.module_digest, "compiler": toolchain.version}

    key = f"{kernel.version}-{kernel.arch.name}-{kernel.config}-{digest[:24]}"
    entry = cache.publish(KIND, key, make, what=what, needs=ROOM, progress=progress)
    return ModuleBuild(entry.path / NAME, entry.key)


def _make(
    kernel: KernelBuild, toolchain: Toolchain, files: list[Path], scratch: Path, what: str
) -> None:
    tree, sources = scratch / "tree", scratch / "kmod"
    tree.mkdir()
    sources.mkdir()
    proc.run(
        ["tar", "-x", "-f", kernel.module_tree, f"--directory={tree}", "--no-same-owner"],
        timeout=300,
    ).check(f"unpacking {kernel.module_tree.name}")
    for path in files:
        shutil.copyfile(path, sources / path.name)
    arguments = toolchain.make_arguments(kernel.arch)
    # Where it was built must not be in it: a WARN names its file.
    arguments.append(f"KCFLAGS=-ffile-prefix-map={scratch}/=")
    done = proc.run(
        ["make", "-C", tree, f"M={sources}", *arguments, "modules"],
        timeout=BUILD_SECONDS,
        env=FIXED,
    ).check(f"building {what}")
    no_warnings(done, what)
    strip = f"{toolchain.prefix}strip"
    proc.run([strip, "--strip-debug", sources / NAME], timeout=60).check("strip")


def no_warnings(done: proc.Completed, what: str) -> None:
    """Our own sources build without a warning, on every compiler.

    Raises:
        HarnessError: the first one.
    """
    text = (done.stderr + done.stdout).decode("utf-8", "replace")
    for line in text.splitlines():
        if "warning:" in line.lower() and line != _ANOTHER_COMPILER:
            raise HarnessError(f"building {what} gave a warning: {line.strip()[:300]}")
