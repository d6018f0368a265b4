"""Compilers: which one builds for an architecture, and what it calls itself."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import proc
from .arch import Arch
from .cache import Cache
from .errors import HarnessError

_NEWEST_GCC = 20  # of those that are looked for by number


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


@dataclass(frozen=True, slots=True)
class Limits:
    """Which gcc builds a kernel.

    Attributes:
        what: the kernel, for messages.
        oldest: (5, 1): none older does.
        too_new: 15: neither this one does nor a newer one; 0: nobody knows of any.
    """

    what: str = ""
    oldest: tuple[int, ...] = ()
    too_new: int = 0

    def verdict(self, version: tuple[int, ...]) -> str:
        """What is wrong with a gcc; "" if nothing is."""
        if version and version < self.oldest:
            return "too old"
        return "too new" if version and 0 < self.too_new <= version[0] else ""

    def __str__(self) -> str:
        oldest = ".".join(map(str, self.oldest)) or "any gcc"
        return f"gcc {oldest} to {self.too_new - 1}" if self.too_new else f"gcc {oldest} or newer"


def choose(
    arch: Arch, compilers: Sequence[str], cache: Cache, limits: Limits = Limits()
) -> Toolchain:
    """The first of the compilers that is installed for the architecture and builds the kernel.

    Args:
        arch: what it builds for.
        compilers: names without prefix, in order of preference: "gcc", "gcc-12".
        cache: remembers what the commands called themselves.
        limits: which of them builds the kernel; where none does, any "gcc-N" that does is taken.

    Raises:
        HarnessError: none is installed, or none that builds it; says how to get one.
    """
    prefix = arch.cross_compile
    wrong = ""
    others = [f"gcc-{number}" for number in range(_NEWEST_GCC, 4, -1)]
    for name in dict.fromkeys((*compilers, *others)):
        if name in others and name not in compilers and not wrong:
            break
        if cc := proc.find(prefix + name):
            said = _version(cc, cache)
            number = version_number(said)
            if verdict := limits.verdict(number):
                wrong = wrong or f"{cc.name} {'.'.join(map(str, number))} is {verdict}"
                continue
            linker = proc.require(f"{prefix}ld")
            return Toolchain(prefix, cc.name, f"{said}; {_version(linker, cache)}")
    if wrong:
        last = limits.too_new - 1 if limits.too_new else limits.oldest[0]
        native = prefix.startswith(os.uname().machine)
        package = f"gcc-{last}" if native else f"gcc-{last}-{prefix.rstrip('-')}"
        raise HarnessError(
            f"{wrong} for {limits.what}, which {limits} builds: apt-get install {package}"
        )
    first = prefix + compilers[0]
    package = proc.package_of(first) or proc.package_of(compilers[0]) or compilers[0]
    raise HarnessError(f"{first} is missing: apt-get install {package}")


def version_number(said: str) -> tuple[int, ...]:
    """The number in the first line of a compiler's --version; () if there is none."""
    match = re.search(r"(\d+)\.(\d+)\.(\d+)(?=\s|$)", said.partition(")")[2])
    return tuple(int(part) for part in match.groups()) if match else ()


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
