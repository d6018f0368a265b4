"""A user's own source tree: what it has, copied into the cache and kept up to date there.

    tree         the copy, which is what is built; the user's is only read
    index.json   stamp and digest of every file, so that few are read again
    ARCH-CONFIG  build folders, kept so that a build goes on from them

A copy is what a result can be told from: an edit in the middle of a build changes nothing, and a
tree that was built in place, which a kernel's makefile would turn down, is none here. A file of
the copy is written when its content changes, and then is new: make looks at times.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import translate
from pathlib import Path
from typing import Any

from . import kept
from .cache import Cache, digest_of, write_whole
from .errors import UsageError
from .progress import Progress

INDEX = "index.json"

# What a build in the tree leaves there without a file of its own that says how it was made
# (".NAME.cmd" beside NAME, which kbuild writes).
_PRODUCTS = (".o", ".ko", ".a", ".mod", ".mod.c", ".symvers", ".order", ".orig", ".rej", "~")
_MADE = frozenset(
    {
        *("include/config", "include/generated", "System.map", "modules.builtin", "tags", "TAGS"),
        *("scripts/mod/devicetable-offsets.h", "init/utsversion-tmp.h"),
    }
)
_MADE_OF_ARCH = re.compile(r"arch/[^/]+/include/generated")

Stamp = list[int]


@dataclass(frozen=True, slots=True)
class _File:
    """A file or a link of the user's tree.

    Attributes:
        stamp: what changes when it is touched.
        link: where it points to, "" for a file.
    """

    path: str
    stamp: Stamp
    link: str


class Mirror:
    """The copy of one tree, for one builder at a time.

    Args:
        cache: where it lies.
        top: the user's tree, absolute.
        folder: ours.
    """

    def __init__(self, cache: Cache, top: Path, folder: Path) -> None:
        self.top = top
        self.tree = folder / "tree"
        self._cache = cache
        self._folder = folder

    def work(self, arch: str, config: str) -> Path:
        """The folder of a build, as it was left."""
        folder = self._folder / f"{arch}-{config}"
        folder.mkdir(exist_ok=True)
        return folder

    def sync(self, left_out: Sequence[str], needs: int, progress: Progress) -> str:
        """Makes the copy what the tree is.

        Args:
            left_out: patterns of what nobody builds.
            needs: bytes that building takes besides, where nothing was built yet.
            progress: hears of it.

        Returns:
            SHA-256 over names, rights and contents.

        Raises:
            UsageError: something in the tree cannot be read.
            HarnessError: the disk is too small.
        """
        progress.step(f"reading {self.top}")
        index = self._index()
        found = dict(_files(self.top, left_out))
        same = {
            name: index[name]
            for name, file in found.items()
            if index.get(name, (None,))[0] == file.stamp
        }
        changed = {name: file for name, file in found.items() if name not in same}
        gone = (index or self._copied()).keys() - found.keys()
        if changed or gone or not self.tree.is_dir():
            self._apply(same, changed, gone, needs, progress)
        return digest_of(json.dumps([[name, *entry[1:]] for name, entry in sorted(same.items())]))

    def _apply(
        self,
        entries: dict[str, tuple[Any, ...]],
        changed: Mapping[str, _File],
        gone: Iterator[str] | set[str],
        needs: int,
        progress: Progress,
    ) -> None:
        """Copies what changed and removes what is gone; fills `entries` up."""
        size = sum(file.stamp[0] for file in changed.values())
        needs = 0 if any(self._folder.glob("*/objects/vmlinux")) else needs
        what = f"a kernel from {self.top}"
        with self._cache.disk_errors(what, size + needs):
            self._cache.check_room(what, size + needs)
            self.tree.mkdir(parents=True, exist_ok=True)
            # Should this end in the middle, what is done now is not taken for done before.
            write_whole(self._folder / INDEX, json.dumps(entries))
            for name in gone:
                _remove(self.tree / name)
            done = 0
            for name, file in changed.items():
                entries[name] = (file.stamp, file.stamp[-1] & 0o111, self._copy(name, file))
                done += file.stamp[0]
                progress.update(done, size)
            write_whole(self._folder / INDEX, json.dumps(entries))

    def _copy(self, name: str, file: _File) -> str:
        """Copies a file unless the copy is the same already; its digest."""
        target = self.tree / name
        if file.link:
            if not (target.is_symlink() and str(target.readlink()) == file.link):
                _remove(target)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(file.link)
            return f"-> {file.link}"
        try:
            data = Path(file.path).read_bytes()
        except OSError as error:
            raise UsageError(f"{file.path} cannot be read: {error.strerror}") from None
        mode = 0o755 if file.stamp[-1] & 0o111 else 0o644
        if target.is_symlink() or not target.is_file() or target.read_bytes() != data:
            _remove(target)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        target.chmod(mode)
        return digest_of(data)

    def _index(self) -> dict[str, tuple[Any, ...]]:
        """What the copy was left as; nothing where nobody knows."""
        try:
            value = json.loads((self._folder / INDEX).read_text("utf-8"))
            return {str(name): tuple(entry) for name, entry in value.items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return {}

    def _copied(self) -> dict[str, None]:
        """What lies in the copy, by name."""
        top = self.tree
        return {
            (Path(folder) / name).relative_to(top).as_posix(): None
            for folder, folders, names in os.walk(top)
            for name in (*names, *(one for one in folders if (Path(folder) / one).is_symlink()))
        }


def _files(top: Path, left_out: Sequence[str]) -> Iterator[tuple[str, _File]]:
    """Every source in a tree, by name; what builds, editors and git leave there is none."""
    unwanted = re.compile("|".join(map(translate, left_out)) or r"(?!)").match
    folders = [""]
    while folders:
        inside = folders.pop()
        try:
            with os.scandir(top / inside) as scan:
                entries = list(scan)
        except OSError as error:
            raise UsageError(f"{top / inside} cannot be read: {error.strerror}") from None
        names = {entry.name for entry in entries}
        for entry in entries:
            name = f"{inside}{entry.name}"
            if _is_product(name, entry.name, names):
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(f"{name}/")
            elif not unwanted(f"./{name}") and (file := _file(top, entry)):
                yield name, file


def _is_product(name: str, last: str, beside: set[str]) -> bool:
    """Whether a file or folder is nobody's source: made by a build, or hidden."""
    return (
        last[0] == "."
        or last.endswith(_PRODUCTS)
        or f".{last}.cmd" in beside
        or name in _MADE
        or (last == "generated" and bool(_MADE_OF_ARCH.fullmatch(name)))
        or ("/" not in name and last.startswith("vmlinux"))
    )


def _file(top: Path, entry: os.DirEntry[str]) -> _File | None:
    """What lies there; None for what is neither a file nor a link."""
    link = ""
    try:
        if entry.is_symlink():
            link = str(Path(entry.path).readlink())
            inside = Path(entry.path).resolve().is_relative_to(top.resolve())
            if not inside and entry.is_file():
                link = ""  # its content is part of the tree, wherever it lies
            elif not inside and entry.is_dir():
                raise UsageError(f"{entry.path} leads out of the tree: name a tree that is whole")
        found = entry.stat(follow_symlinks=not link)
    except OSError as error:
        raise UsageError(f"{entry.path} cannot be read: {error.strerror}") from None
    if not (link or stat.S_ISREG(found.st_mode)):
        return None
    times = [found.st_mtime_ns, found.st_ctime_ns]
    return _File(entry.path, [found.st_size, *times, found.st_ino, found.st_mode & 0o777], link)


def _remove(path: Path) -> None:
    """Removes whatever lies there, and a folder that is empty then."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def opened(cache: Cache, top: Path, progress: Progress) -> Iterator[Mirror]:
    """The copy of a tree, while nobody else reads or changes it.

    Raises:
        HarnessError: another one is at work in it for too long, or the cache cannot be used.
    """
    what = f"the copy of {top} and its builds"
    with (
        cache.disk_errors(what, 0),
        kept.alone(cache, f"tree-{digest_of(str(top))[:24]}", what, progress) as folder,
    ):
        yield Mirror(cache, top, folder)


def clean(top: Path) -> None:
    """Removes what a build, editors and git left in a tree that is ours."""
    for inside, folders, names in os.walk(top, topdown=True):
        beside = {*folders, *names}
        under = "" if (name := Path(inside).relative_to(top).as_posix()) == "." else f"{name}/"
        for last in beside:
            if _is_product(f"{under}{last}", last, beside):
                _remove(Path(inside) / last)
        folders[:] = [last for last in folders if (Path(inside) / last).is_dir()]
