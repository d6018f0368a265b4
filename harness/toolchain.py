"""Compilers: which one builds for an architecture, and what it calls itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import proc
from .arch import Arch
from .cache import Cache
from .errors import HarnessError


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A compiler with its binutils.

    Attributes:
        prefix: what its commands' names begin with, "aarch64-linux-gnu-". Debian gives the
            native compiler such names too, so nobody need ask what is native.
        cc: the compiler's command.
        version: compiler and linker, each as the first line of its --version.
    """

    prefix: str
    cc: str
    version: str

    def make_arguments(self, arch: Arch) -> list[str]:
        """What the kernel's make must be told."""
        return [f"ARCH={arch.kernel}", f"CROSS_COMPILE={self.prefix}", f"CC={self.cc}"]


def choose(arch: Arch, compilers: Sequence[str], cache: Cache) -> Toolchain:
    """The first of the compilers that is installed for the architecture.

    Args:
        arch: what it builds for.
        compilers: names without prefix, in order of preference: "gcc", "gcc-12".
        cache: remembers what the commands called themselves.

    Raises:
        HarnessError: none is installed; says how to get one.
    """
    prefix = arch.cross_compile
    for name in compilers:
        if cc := proc.find(prefix + name):
            linker = proc.require(f"{prefix}ld")
            version = f"{_version(cc, cache)}; {_version(linker, cache)}"
            return Toolchain(prefix, cc.name, version)
    first = prefix + compilers[0]
    package = proc.package_of(first) or proc.package_of(compilers[0]) or compilers[0]
    raise HarnessError(f"{first} is missing: apt-get install {package}")


def _version(command: Path, cache: Cache) -> str:
    """First line of --version; asked once for each binary (place, size, time)."""
    real = command.resolve()
    stat = real.stat()
    seen = {"path": str(real), "size": stat.st_size, "mtime": stat.st_mtime_ns}
    name = f"tool-{command.name}"
    note = cache.note(name) or {}
    if {key: note.get(key) for key in seen} == seen:
        return str(note["version"])
    done = proc.run([command, "--version"], timeout=30).check(f"{command.name} --version")
    version = done.stdout.decode("utf-8", "replace").split("\n", 1)[0].strip()
    cache.write_note(name, {**seen, "version": version})
    return version
