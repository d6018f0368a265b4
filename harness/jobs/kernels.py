"""Known kernels, what of them is in the cache, and what in the cache nobody uses any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from .. import build, disk, fresh, image, kbuild, kmod_build, sources
from ..arch import ARCHES, arch_named
from ..cache import Cache, Entry
from ..errors import HarnessError, PagelabError
from ..progress import SILENT, Progress

# Sources are kept for ever: distributions drop old ones.
BUILT_KINDS = (kbuild.KIND, kmod_build.KIND, image.KIND, image.SSH_KIND, disk.KIND)


@dataclass(frozen=True, slots=True)
class BuiltKernel:
    """A kernel in the cache, with all that a guest needs besides.

    Attributes:
        size: bytes of kernel, module and initramfs.
        ready: nothing is left to build.
    """

    version: str
    arch: str
    config: str
    size: int
    ready: bool


@dataclass(frozen=True, slots=True)
class Known:
    """A kernel that `-k` knows by name.

    Attributes:
        source: version in the cache, "" if there is none.
        source_size: bytes of its archive.
        package: Debian's package of its source.
    """

    name: str
    package: str
    source: str
    source_size: int
    builds: tuple[BuiltKernel, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """What the cache has.

    Attributes:
        unused: entries that no build of what is here would take.
    """

    root: Path
    known: tuple[Known, ...]
    unused: tuple[Entry, ...]
    size: int


class _AbsentError(HarnessError):
    """Something is not in the cache."""


class _ReadOnly(Cache):
    """The cache as a build sees it that may not build: says what it takes."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.taken: dict[tuple[str, str], Entry] = {}

    def publish(
        self,
        kind: str,
        key: str,
        build: Callable[[Path], Mapping[str, Any] | None],
        *,
        what: str,
        needs: int = 0,
        progress: Progress = SILENT,
        timeout: float = 0.0,
    ) -> Entry:
        """The entry if it is there; nothing is built.

        Raises:
            HarnessError: it is not.
        """
        entry = self.find(kind, key)
        if entry is None:
            raise _AbsentError(f"{what} is not in the cache")
        self.taken[kind, key] = entry
        return entry


def survey(cache: Cache) -> Survey:
    """Looks at the whole cache; changes nothing, fetches nothing."""
    reader = _ReadOnly(cache.root)
    entries = [entry for kind in BUILT_KINDS for entry in cache.entries(kind)]
    builds = [_built(reader, entry) for entry in entries if entry.kind == kbuild.KIND]
    for arch in ARCHES.values():
        _try(partial(build.ssh_initramfs, arch, cache=reader, progress=SILENT))
    snapshots = cache.entries(fresh.KIND)
    unused = [entry for entry in entries if (entry.kind, entry.key) not in reader.taken]
    unused += [entry for entry in snapshots if not _boots(reader, entry)]
    archives = cache.entries(sources.KIND)
    known = []
    for name, kernel in sources.known().items():
        source = sources.cached(name, cache)
        mine = (one for one in builds if one.version.startswith(f"{name}."))
        size = sum(entry.size for entry in archives if entry.meta.get("line") == name)
        version = source.version if source else ""
        known.append(Known(name, kernel.package, version, size, tuple(dict.fromkeys(mine))))
    return Survey(
        root=cache.root,
        known=tuple(known),
        unused=tuple(unused),
        size=sum(entry.size for entry in (*entries, *snapshots, *archives)),
    )


def _boots(reader: _ReadOnly, snapshot: Entry) -> bool:
    """Whether a build that is in use booted the guest of a snapshot."""
    kernel, initramfs = snapshot.meta.get("kernel"), snapshot.meta.get("image")
    return {(kbuild.KIND, kernel), (image.KIND, initramfs)} <= reader.taken.keys()


def _try(action: Callable[[], object]) -> bool:
    try:
        action()
    except PagelabError:
        return False
    return True


def _built(reader: _ReadOnly, kernel: Entry) -> BuiltKernel:
    """Goes through a whole build of the entry's kernel, as far as the cache carries."""
    meta = kernel.meta
    version, config = meta["version"], meta["config"]
    arch = arch_named(meta["arch"])
    before = set(reader.taken)
    ready = _try(partial(build.build, version, arch, config, cache=reader, progress=SILENT))
    parts = [entry for key, entry in reader.taken.items() if key not in before]
    size = sum(entry.size for entry in parts) or kernel.size
    return BuiltKernel(version, arch.name, config, size, ready)


def prune(cache: Cache) -> tuple[int, int]:
    """Removes what no build would take.

    Returns:
        How many entries, and their bytes.

    Raises:
        HarnessError: the cache cannot be written.
    """
    unused = survey(cache).unused
    for entry in unused:
        cache.remove(entry.kind, entry.key)
    return len(unused), sum(entry.size for entry in unused)
