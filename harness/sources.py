"""Kernel sources: which are known, and their archives in the cache."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache as once
from pathlib import Path
from typing import Any, ClassVar

from . import proc
from .arch import Arch
from .cache import Cache, Entry, file_digest
from .debian import AptRoot, Package, Release
from .errors import HarnessError, UsageError
from .progress import SILENT, Progress
from .tree import KERNELS

KIND = "source"
UNPACK_SECONDS = 1800.0
ARCHIVE_ROOM = 180 << 20  # the largest so far has 167 MB


@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel that `-k` knows by name (a table [kernel."6.1"] of images/kernels.toml).

    Attributes:
        line: "6.1".
        package: Debian's package of its source.
        release: the release that has it.
        compilers: compilers to try, without the architecture's prefix.
        gcc: the oldest gcc that builds it, "5.1".
    """

    line: str
    package: str
    release: Release
    compilers: tuple[str, ...]
    gcc: str


@dataclass(frozen=True, slots=True)
class Source:
    """A kernel's source archive in the cache.

    Attributes:
        kernel: which.
        version: the kernel's own, "6.1.192".
        package_version: Debian's, "6.1.192-2".
        digest: SHA-256 of the archive.
        archive: the .deb.
    """

    kernel: Kernel
    version: str
    package_version: str
    digest: str
    archive: Path
    own: ClassVar[str] = ""

    @property
    def line(self) -> str:
        """The version line."""
        return self.kernel.line

    def config_for(self, arch: Arch) -> str:
        """A .config of its own: none."""
        return ""


@once
def table() -> dict[str, Any]:
    """images/kernels.toml."""
    return tomllib.loads(KERNELS.read_text("utf-8"))


def release(name: str) -> Release:
    """A release of Debian by name, with the keys that may sign it."""
    entry = table()["release"][name]
    keys = tuple(entry["archive"]), tuple(entry["security"])
    return Release(name, tuple(entry["suites"]), *keys)


def known() -> dict[str, Kernel]:
    """Every kernel that has a name, by it."""
    return {
        line: Kernel(
            line,
            entry["package"],
            release(entry["release"]),
            tuple(entry["compilers"]),
            entry["gcc"],
        )
        for line, entry in table()["kernel"].items()
    }


def named(name: str) -> tuple[Kernel, str]:
    """The kernel that a name means, and the exact version it asks for ("" for any).

    Raises:
        UsageError: nobody knows it.
    """
    match = re.fullmatch(r"(\d+\.\d+)(\.\d+)?", name)
    kernels = known()
    if not match or match[1] not in kernels:
        raise UsageError(
            f"unknown kernel {name!r}: choose one of {', '.join(kernels)}, "
            "or name a source tree, an archive, a URL or a built kernel"
        )
    return kernels[match[1]], name if match[2] else ""


def cached(name: str, cache: Cache, progress: Progress = SILENT) -> Source | None:
    """The source in the cache that a name means, or None.

    A line ("6.1") means the point release that it meant before, however many newer ones are
    there, until update() says otherwise.
    """
    kernel, exact = named(name)
    found = all_cached(kernel.line, cache, progress)
    if exact:
        return next((one for one in found if one.version == exact), None)
    pinned = (cache.note(_pin(kernel.line)) or {}).get("digest")
    return next((one for one in found if one.digest == pinned), found[0] if found else None)


def all_cached(line: str, cache: Cache, progress: Progress = SILENT) -> list[Source]:
    """Every source of a line that is in the cache, the newest first."""
    kernel = known()[line]
    entries = [one for one in cache.entries(KIND, progress) if one.meta.get("line") == line]
    found = [_source(kernel, entry) for entry in entries]
    return sorted(found, key=lambda source: _numbers(source.package_version), reverse=True)


def remove(source: Source, cache: Cache) -> None:
    """Removes an archive from the cache.

    Raises:
        HarnessError: the cache cannot be written.
    """
    cache.remove(KIND, source.archive.parent.name)


def fetch(name: str, cache: Cache, progress: Progress) -> Source:
    """The source that a name means, from the cache, else from Debian's mirror.

    The network is used only when the cache has none. "6.1" means whatever point release the
    mirror offers then, "6.1.192" that one; which it became is said in one line.

    Raises:
        UsageError: unknown kernel, or a version that is neither cached nor offered.
        HarnessError: no network, a full disk.
    """
    if source := cached(name, cache, progress):
        return source
    kernel, exact = named(name)
    with AptRoot.open(kernel.release, "amd64", cache, progress) as root:  # of any architecture
        # Another pagelab may have fetched it while we waited for the root.
        if source := cached(name, cache):
            return source
        root.update()
        before = cached(kernel.line, cache)
        source = _download(kernel, exact, root, cache, progress)
    # A newer one that was asked for by its own name is not what the line's name means.
    _pin_to(before or source, cache)
    return source


@dataclass(frozen=True, slots=True)
class Offer:
    """What Debian offers for a line.

    Attributes:
        version: the kernel's own.
        package_version: Debian's.
        seen: the day on which it did, "2026-11-21".
    """

    version: str
    package_version: str
    seen: str

    def is_newer(self, source: Source) -> bool:
        """Than that source; of one version Debian may have several revisions."""
        return _numbers(self.package_version) > _numbers(source.package_version)


def offered(line: str, cache: Cache) -> Offer | None:
    """What Debian offered when somebody last looked; None where nobody did."""
    note = cache.note(_offer(line)) or {}
    try:
        return Offer(_upstream(note["version"]), note["version"], note["seen"])
    except KeyError:
        return None


def look(lines: Sequence[str], cache: Cache, progress: Progress) -> None:
    """Asks the mirror what it offers for the lines; fetches nothing.

    Raises:
        HarnessError: no network.
    """
    wanted = [known()[line] for line in lines]
    for release in dict.fromkeys(kernel.release for kernel in wanted):
        with AptRoot.open(release, "amd64", cache, progress) as root:
            root.update()
            for kernel in wanted:
                if kernel.release == release:
                    _offered(kernel, root, cache)


def update(line: str, cache: Cache, progress: Progress) -> Source:
    """Fetches what the mirror offers for a line now: from here on that is what its name means.

    Raises:
        HarnessError: no network, a full disk.
    """
    kernel = known()[line]
    with AptRoot.open(kernel.release, "amd64", cache, progress) as root:
        root.update()
        source = _download(kernel, "", root, cache, progress)
    _pin_to(source, cache)
    return source


def _pin(line: str) -> str:
    return f"pin-{line}"


def _offer(line: str) -> str:
    return f"offered-{line}"


def _pin_to(source: Source, cache: Cache) -> None:
    cache.write_note(_pin(source.kernel.line), {"digest": source.digest})


def _offered(kernel: Kernel, root: AptRoot, cache: Cache) -> Package:
    package = root.offered(kernel.package)
    seen = datetime.now().astimezone().date().isoformat()
    cache.write_note(_offer(kernel.line), {"version": package.version, "seen": seen})
    return package


def _download(
    kernel: Kernel, exact: str, root: AptRoot, cache: Cache, progress: Progress
) -> Source:
    offered = _offered(kernel, root, cache)
    version = _upstream(offered.version)
    if exact not in ("", version):
        raise UsageError(
            f"unknown kernel {exact!r}: the cache has none, and Debian offers {version} now"
        )
    key = f"{kernel.line}-{offered.sha256[:32]}"
    if entry := cache.find(KIND, key):
        return _source(kernel, entry)
    progress.line(
        f"Linux {kernel.line}: {kernel.package} {offered.version}, SHA-256 {offered.sha256}"
    )

    def build(folder: Path) -> dict[str, str]:
        path = root.download(kernel.package, offered, folder)
        digest = file_digest(path)
        if digest != offered.sha256:
            raise HarnessError(f"{path.name} has SHA-256 {digest}: run this again")
        return _meta(kernel, offered, digest)

    entry = cache.publish(
        KIND,
        key,
        build,
        what=f"the source of Linux {version}",
        needs=offered.size + (8 << 20),
        progress=progress,
    )
    return _source(kernel, entry)


def unpack(source: Source, folder: Path, scratch: Path, progress: Progress) -> None:
    """Unpack a source tree (what is left out apart) into an empty folder.

    Args:
        source: what.
        folder: becomes the top of the tree.
        scratch: a folder for what lies in between.
        progress: hears of it.
    """
    progress.step(f"unpacking the source of Linux {source.version}", "B")
    archive = _tree_archive(source, scratch)
    listed = proc.run(["xz", "--robot", "--list", archive], timeout=60).check("xz")
    total = int(listed.stdout.split(b"totals\t")[1].split(b"\t")[3])

    def on_line(line: str) -> None:
        if match := re.search(r"checkpoint (\d+)", line):
            progress.update(int(match[1]) * 10240, total)

    words = [f"--exclude={pattern}" for pattern in left_out()]
    words += ["--checkpoint=1000"]
    _untar(archive, folder, words, on_line)
    archive.unlink()


def left_out(*, drivers: bool = True) -> list[str]:
    """Patterns of what is not unpacked of a source.

    Args:
        drivers: also those that no fragment configures.
    """
    tree = table()["tree"]
    return [*tree["unread"], *(tree["left_out"] if drivers else ())]


def extract(source: Source, names: Sequence[str], folder: Path, scratch: Path) -> None:
    """Unpack some files of a source tree, also of what unpack() leaves out.

    Args:
        source: of what.
        names: the files, from the top of the tree.
        folder: becomes that top.
        scratch: a folder for what lies in between.

    Raises:
        HarnessError: the tree has no such file.
    """
    _untar(_tree_archive(source, scratch), folder, ["--wildcards", *(f"*/{n}" for n in names)])


def _tree_archive(source: Source, scratch: Path) -> Path:
    """The archive of the tree, out of the package."""
    proc.run(["dpkg-deb", "-x", source.archive, scratch], timeout=UNPACK_SECONDS).check(
        f"unpacking {source.archive.name}"
    )
    archives = list(scratch.glob("usr/src/linux-source-*.tar.xz"))
    if len(archives) != 1:
        raise HarnessError(f"{source.archive.name} has not one source archive in it")
    return archives[0]


def _untar(
    archive: Path,
    folder: Path,
    words: Sequence[str],
    on_line: Callable[[str], None] | None = None,
) -> None:
    folder.mkdir()
    proc.run(
        [
            "tar",
            "--extract",
            f"--file={archive}",
            "--use-compress-program=xz -T0",
            f"--directory={folder}",
            "--strip-components=1",
            "--no-same-owner",
            *words,
        ],
        timeout=UNPACK_SECONDS,
        on_line=on_line,
    ).check(f"unpacking {archive.name}")


def _meta(kernel: Kernel, offered: Package, digest: str) -> dict[str, str]:
    return {
        "line": kernel.line,
        "package": kernel.package,
        "version": offered.version,
        "file": offered.file,
        "sha256": digest,
    }


def _source(kernel: Kernel, entry: Entry) -> Source:
    meta = entry.meta
    return Source(
        kernel,
        _upstream(meta["version"]),
        meta["version"],
        meta["sha256"],
        entry.path / meta["file"],
    )


def _upstream(version: str) -> str:
    return version.rpartition("-")[0].rpartition(":")[2].partition("~")[0]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))
