"""What this machine has, what it lacks and how to get it."""

from __future__ import annotations

import platform
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from .. import accel, proc, sources
from ..arch import ARCHES, Arch
from ..cache import Cache
from ..debian import KEYRING, AptRoot, Release
from ..errors import PagelabError
from ..progress import SILENT, Progress
from ..tree import HOST_PACKAGES
from .settings import Settings

BUILD_BYTES = 4 << 30  # what a first build needs at once, sources included
RUN_BYTES = 200 << 20
MEMORY_BYTES = 1 << 30
DPKG = Path("/var/lib/dpkg/info")
_DEBIAN = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: what.
        good: it is as `make check` needs it.
        text: what was found.
        fix: what to do, "" if nothing.
        package: Debian package that is missing, "" if none is.
        why: what it is for, "" where the name says it.
    """

    name: str
    good: bool
    text: str
    fix: str = ""
    package: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One line of images/host-packages.txt."""

    package: str
    only: str
    command: str
    why: str


def wanted(text: str, machine: str, release: str) -> list[Wanted]:
    """The packages that this host needs.

    Args:
        text: images/host-packages.txt.
        machine: uname -m.
        release: Debian's codename, "" elsewhere.
    """
    found = []
    for line in text.splitlines():
        fields = line.split(maxsplit=3)
        if len(fields) == 4 and not line.startswith("#"):
            found.append(Wanted(*fields))
    here = {"-", _DEBIAN.get(machine, machine), release}
    return [entry for entry in found if entry.only in here]


def examine(cache: Cache, progress: Progress = SILENT) -> Iterator[Finding]:
    """Looks at everything that `make check` needs, one finding after another."""
    yield _python()
    yield from _packages()
    yield _keyring()
    yield from _memory(Path("/proc/meminfo"))
    yield from _cache(cache)
    yield from _source(cache, progress)
    for arch in ARCHES.values():
        progress.step(f"booting a tiny {arch.name} guest")
        yield _attempt("guests", partial(_boots, arch, cache))


def missing_packages(findings: Iterable[Finding]) -> list[str]:
    """Debian packages to install, each once."""
    return sorted({finding.package for finding in findings if finding.package})


def _boots(arch: Arch, cache: Cache) -> str:
    return accel.probe(arch, cache, anew=True).line


def _attempt(name: str, action: Callable[[], str]) -> Finding:
    try:
        return Finding(name, good=True, text=action())
    except PagelabError as error:
        text, _, fix = str(error).partition(": ")
        return Finding(name, good=False, text=text, fix=fix)


def _python() -> Finding:
    return Finding("python", good=True, text=platform.python_version())


def _release() -> str:
    try:
        return platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    except OSError:
        return ""


def _packages() -> Iterator[Finding]:
    text = HOST_PACKAGES.read_text("utf-8")
    for entry in wanted(text, platform.machine(), _release()):
        where = proc.find(entry.command) if entry.command != "-" else None
        name = entry.package if entry.command == "-" else entry.command
        if where is not None or (entry.command == "-" and installed(entry.package)):
            yield Finding(name, good=True, text=str(where or "installed"), why=entry.why)
            continue
        fix = f"apt-get install {entry.package}"
        yield Finding(name, False, "missing", fix, entry.package, entry.why)


def installed(package: str, database: Path = DPKG) -> bool:
    """Whether dpkg knows the package; on another system nobody knows, and building will tell."""
    if not database.is_dir():
        return True
    return any(database.glob(f"{package}.list")) or any(database.glob(f"{package}:*.list"))


def _keyring() -> Finding:
    return Finding(
        "keyring",
        good=KEYRING.exists(),
        text=str(KEYRING) if KEYRING.exists() else f"{KEYRING} is missing",
        fix="" if KEYRING.exists() else "apt-get install debian-archive-keyring",
        package="" if KEYRING.exists() else "debian-archive-keyring",
    )


def _memory(meminfo: Path) -> Iterator[Finding]:
    try:
        fields = dict(line.split(":", 1) for line in meminfo.read_text().splitlines())
        free = int(fields["MemAvailable"].split()[0]) << 10
    except (OSError, ValueError, KeyError):
        return
    good = free >= MEMORY_BYTES
    fix = "" if good else "end something that uses memory: two guests and a compiler need 1 GB"
    yield Finding("memory", good, f"{free / 1e9:.1f} GB available", fix)


def _cache(cache: Cache) -> Iterator[Finding]:
    try:
        cache.root.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=cache.root):
            pass
    except OSError as error:
        fix = "mend that, or set PAGELAB_CACHE to a folder that can be written"
        yield Finding("cache", False, f"{cache.root}: {error.strerror}", fix)
        return
    yield Finding("cache", good=True, text=f"{cache.root} can be written")
    free = shutil.disk_usage(cache.root).free
    needed = RUN_BYTES if _has_source(cache) else BUILD_BYTES
    good = free >= needed
    fix = "" if good else f"free some: a build needs {needed / 1e9:.1f} GB; or move PAGELAB_CACHE"
    yield Finding("disk", good, f"{free / 1e9:.1f} GB free at {cache.root}", fix)


def _has_source(cache: Cache) -> bool:
    return any(sources.cached(name, cache) for name in Settings().kernels)


def _source(cache: Cache, progress: Progress) -> Iterator[Finding]:
    """The source of what `make check` runs: in the cache, or the network must be there."""
    for name in Settings().kernels:
        found = sources.cached(name, cache)
        if found is not None:
            text = f"{found.version} in the cache"
            yield Finding(f"Linux {name}", good=True, text=text)
            continue
        yield _attempt(
            f"Linux {name}", partial(_reach, sources.named(name)[0].release, cache, progress)
        )


def _reach(release: Release, cache: Cache, progress: Progress) -> str:
    with AptRoot.open(release, "amd64", cache, progress) as root:
        root.update()
    return "not in the cache; Debian's mirror can be reached"
