"""Known kernels, what of them is in the cache, and what in the cache nobody uses any more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from .. import build, configuration, disk, fresh, image, kbuild, kept, kmod_build, sources
from ..arch import ARCHES, arch_named
from ..cache import Cache, Entry
from ..errors import HarnessError, PagelabError, UsageError
from ..kept import Kept
from ..progress import SILENT, Progress

# Archives of sources are not among them: distributions drop old ones.
BUILT_KINDS = (kbuild.KIND, kmod_build.KIND, image.KIND, image.SSH_KIND, disk.KIND)


@dataclass(frozen=True, slots=True)
class BuiltKernel:
    """A kernel in the cache, with all that a guest needs besides.

    Attributes:
        size: bytes of kernel, module and initramfs.
        ready: nothing is left to build.
        own: where a user's own kernel comes from, "" for one of Debian's.
    """

    version: str
    arch: str
    config: str
    size: int
    ready: bool
    own: str = ""


@dataclass(frozen=True, slots=True)
class Archive:
    """The archive of a kernel's source.

    Attributes:
        meant: it is what the name of its line means.
    """

    version: str
    size: int
    meant: bool = True


@dataclass(frozen=True, slots=True)
class Known:
    """A kernel that `-k` knows by name.

    Attributes:
        package: Debian's package of its source.
        archives: those in the cache, the newest first.
        offer: what Debian offered when it was last asked, if that is newer than what is meant.
    """

    name: str
    package: str
    archives: tuple[Archive, ...]
    builds: tuple[BuiltKernel, ...]
    offer: sources.Offer | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """What the cache has.

    Attributes:
        own: the user's own kernels.
        unused: entries that no build of what is here would take.
        kept: folders in which a build would go on.
        sources: bytes of all archives of sources.
        size: bytes of everything.
    """

    root: Path
    known: tuple[Known, ...]
    own: tuple[BuiltKernel, ...]
    unused: tuple[Entry, ...]
    kept: tuple[Kept, ...]
    sources: int
    size: int


class _AbsentError(HarnessError):
    """Something is not in the cache."""


class _ReadOnly(Cache):
    """The cache as a build sees it that may not build: says what it takes."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.taken: dict[tuple[str, str], Entry] = {}

    def find(self, kind: str, key: str, progress: Progress = SILENT) -> Entry | None:
        """The entry if it is there, which is now taken."""
        entry = super().find(kind, key, progress)
        if entry is not None:
            self.taken[kind, key] = entry
        return entry

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
        return entry


def survey(cache: Cache) -> Survey:
    """Looks at the whole cache; changes nothing, fetches nothing."""
    reader = _ReadOnly(cache.root)
    entries = [entry for kind in BUILT_KINDS for entry in cache.entries(kind)]
    kernels = [entry for entry in entries if entry.kind == kbuild.KIND]
    wanted = (_wanted(entry) for entry in kernels if not entry.meta.get("own"))
    builds = [_built(reader, *one) for one in dict.fromkeys(wanted)]
    own = _own(entries)
    for arch in ARCHES.values():
        _try(partial(build.ssh_initramfs, arch, cache=reader, progress=SILENT))
    if own:  # the builds of the others take it themselves
        _try(partial(disk.build, cache=reader, progress=SILENT))
    taken = reader.taken.keys() | {(one.kind, one.key) for parts in own for one in parts}
    snapshots = cache.entries(fresh.KIND)
    unused = [entry for entry in entries if (entry.kind, entry.key) not in taken]
    unused += [entry for entry in snapshots if not _boots(taken, entry)]
    archives = cache.entries(sources.KIND)
    folders = tuple(kept.folders(cache))
    return Survey(
        root=cache.root,
        known=tuple(
            _known(name, kernel, builds, cache) for name, kernel in sources.known().items()
        ),
        own=tuple(_own_built(parts) for parts in own),
        unused=tuple(unused),
        kept=folders,
        sources=sum(entry.size for entry in archives),
        size=sum(one.size for one in (*entries, *snapshots, *archives))
        + sum(one.size for one in folders),
    )


def _known(
    name: str, kernel: sources.Kernel, builds: Sequence[BuiltKernel | None], cache: Cache
) -> Known:
    meant = sources.cached(name, cache)
    archives = tuple(
        Archive(one.version, one.archive.stat().st_size, meant=one == meant)
        for one in sources.all_cached(name, cache)
    )
    mine = tuple(one for one in builds if one and one.version.startswith(f"{name}."))
    offer = sources.offered(name, cache)
    news = offer if offer and meant and offer.is_newer(meant) else None
    return Known(name, kernel.package, archives, mine, news)


def _own(entries: Sequence[Entry]) -> list[list[Entry]]:
    """The newest kernel of each of the user's own trees, each with what was made for it."""
    newest: dict[tuple[str, ...], Entry] = {}
    kernels = [one for one in entries if one.kind == kbuild.KIND and one.meta.get("own")]
    for entry in sorted(kernels, key=lambda one: one.path.stat().st_mtime):
        meta = entry.meta
        newest[meta["own"], meta["arch"], meta["config"]] = entry
    found = []
    for kernel in newest.values():
        made = {kernel.key, kernel.meta.get("module_digest")}
        parts = [kernel]
        for kind, link in ((kmod_build.KIND, "kernel"), (image.KIND, "module")):
            more = [one for one in entries if one.kind == kind and one.meta.get(link) in made]
            made |= {one.key for one in more}
            parts += more
        found.append(parts)
    return found


def _own_built(parts: Sequence[Entry]) -> BuiltKernel:
    meta = parts[0].meta
    size = sum(one.size for one in parts)
    ready = len(parts) > 2
    return BuiltKernel(meta["version"], meta["arch"], meta["config"], size, ready, meta["own"])


def _wanted(entry: Entry) -> tuple[str, str, tuple[str, ...]]:
    meta = entry.meta
    return meta["version"], meta["arch"], tuple(meta.get("asked", [meta["config"]]))


def _boots(taken: Collection[tuple[str, str]], snapshot: Entry) -> bool:
    """Whether a build that is in use booted the guest of a snapshot."""
    meta = snapshot.meta
    return {(kbuild.KIND, meta.get("kernel")), (image.KIND, meta.get("image"))} <= set(taken)


def _try(action: Callable[[], object]) -> bool:
    try:
        action()
    except PagelabError:
        return False
    return True


def _built(reader: _ReadOnly, version: str, arch: str, asked: Sequence[str]) -> BuiltKernel | None:
    """Goes through a whole build as far as the cache carries; None where it has no kernel."""
    before = set(reader.taken)
    of = arch_named(arch)
    try:
        config = configuration.find(asked)
    except PagelabError:
        return None  # the user's fragment is no more
    ready = _try(partial(build.build, version, of, config, cache=reader, progress=SILENT))
    new = (entry for key, entry in reader.taken.items() if key not in before)
    parts = [entry for entry in new if entry.kind in BUILT_KINDS]
    if not any(entry.kind == kbuild.KIND for entry in parts):
        return None  # it was made from what is no more: another configuration, compiler, source
    return BuiltKernel(version, arch, config.name, sum(entry.size for entry in parts), ready)


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed: its kind or what it was, how many of it, and their bytes."""

    what: str
    count: int
    size: int


def prune(cache: Cache, *, archives: bool = False) -> list[Pruned]:
    """Removes what no build would take, and where builds would go on; nothing in use.

    Args:
        archives: also archives of sources that no name means any more.

    Raises:
        HarnessError: the cache cannot be written.
    """
    found = []
    for line in sources.known() if archives else ():
        meant = sources.cached(line, cache)
        for source in sources.all_cached(line, cache):
            if source != meant:
                size = source.archive.stat().st_size
                sources.remove(source, cache)
                found.append(Pruned(f"the source of Linux {source.version}", 1, size))
    before = survey(cache)
    for kind in dict.fromkeys(entry.kind for entry in before.unused):
        gone = [entry for entry in before.unused if entry.kind == kind]
        for entry in gone:
            cache.remove(entry.kind, entry.key)
        found.append(Pruned(kind, len(gone), sum(entry.size for entry in gone)))
    with cache.disk_errors("pruning", 0):
        for folder in before.kept:
            if kept.remove(cache, folder.name):
                found.append(Pruned(folder.what, 1, folder.size))
    return found


def refresh(names: Sequence[str], cache: Cache, progress: Progress, *, take: bool) -> Iterator[str]:
    """Asks Debian's mirror for newer point releases; says what there is, a line a kernel.

    Args:
        names: of version lines; every one of which there is a source, when empty.
        take: fetch them; or only look, which survey() then tells of too.

    Raises:
        UsageError: an unknown name, or one of a point release.
        HarnessError: no network, a full disk.
    """
    for name in names:
        if sources.named(name)[1]:
            raise UsageError(
                f"{name} is one point release: name its line, {name.rpartition('.')[0]}"
            )
    there = [line for line in sources.known() if sources.cached(line, cache)]
    lines = list(dict.fromkeys(names)) or there
    if not take:
        sources.look(lines, cache, progress)
    for line in lines:
        before = sources.cached(line, cache)
        if take:
            after = sources.update(line, cache, progress)
            news = "" if after == before else after.version
        else:
            offer = sources.offered(line, cache)
            news = offer.version if offer and (not before or offer.is_newer(before)) else ""
        if not news:
            yield f"{line}: {before.version if before else ''} is the newest"
        elif take:
            yield f"{line}: {f'{before.version} -> ' if before else ''}{news}"
        else:
            yield f"{line}: Debian has {news}: pagelab kernels --update -k {line}"
