"""Folders of the cache that outlive a command: a build that was interrupted goes on in its own.

    <root>/kept/<name>/        the folder
    <root>/kept/<name>.json    what it is, and which others it cannot go on without
    <root>/locks/kept-<name>   locked while somebody works in it

An entry is whole and never changes; such a folder may hold anything at any moment, and may be
removed whenever nobody works in it: it costs time, and nothing else.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .cache import LOCK_SECONDS, Cache, lock_within
from .errors import HarnessError
from .progress import Progress

FOLDER = "kept"
_READY = "ready"


@dataclass(frozen=True, slots=True)
class Kept:
    """One such folder.

    Attributes:
        what: for people, "the unfinished build of Linux 6.1.192 for arm64 (base)".
        of: names of the kept folders that it cannot go on without.
        size: bytes on the disk.
    """

    name: str
    what: str
    of: tuple[str, ...]
    size: int


@contextlib.contextmanager
def alone(
    cache: Cache, name: str, what: str, progress: Progress, *, of: Sequence[str] = ()
) -> Iterator[Path]:
    """A folder that one builder at a time works in; as the last one left it.

    Raises:
        HarnessError: another one works in it for too long.
        OSError: the cache cannot be written.
    """
    with _locked(cache, name) as fd:
        _lock(fd, fcntl.LOCK_EX, what, progress)
        yield _made(cache, name, what, of)


@contextlib.contextmanager
def shared(
    cache: Cache, name: str, what: str, progress: Progress, fill: Callable[[Path], None]
) -> Iterator[Path]:
    """A folder that many read at once, filled by the first of them.

    Args:
        fill: is given the folder, empty. Whoever is killed in it leaves no half-filled folder to
            the others: the next one begins anew.

    Raises:
        HarnessError: another one fills it for too long; and whatever fill raises.
        OSError: the cache cannot be written.
    """
    with _locked(cache, name) as fd:
        folder = cache.root / FOLDER / name
        while True:
            _lock(fd, fcntl.LOCK_SH, what, progress)
            if (folder / _READY).is_file():
                break
            _lock(fd, fcntl.LOCK_EX, what, progress)
            if not (folder / _READY).is_file():
                shutil.rmtree(folder, ignore_errors=True)
                inside = _made(cache, name, what, ()) / "content"
                inside.mkdir()
                fill(inside)
                (folder / _READY).touch()
            # Taking the lock anew for reading lets others in between, also one that removes.
        yield folder / "content"


def folders(cache: Cache) -> list[Kept]:
    """All of them, by name."""
    top = cache.root / FOLDER
    names = sorted(path.name for path in top.iterdir() if path.is_dir()) if top.is_dir() else []
    return [_kept(top, name) for name in names]


def remove(cache: Cache, name: str) -> bool:
    """Removes a folder; False if it was not there, or somebody works in it.

    Raises:
        OSError: the cache cannot be written.
    """
    folder = cache.root / FOLDER / name
    if not folder.is_dir():
        return False
    with _locked(cache, name) as fd:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        with cache.scratch("removed") as scratch:
            folder.rename(scratch / "folder")  # at once, so that nobody finds a part of it
            folder.with_name(f"{name}.json").unlink(missing_ok=True)
    return True


def remove_unneeded(cache: Cache, name: str) -> bool:
    """Removes a folder unless another one cannot go on without it, or somebody works in it."""
    top = cache.root / FOLDER
    if any(name in _about(path)[1] for path in top.glob("*.json")):
        return False
    return remove(cache, name)


def _made(cache: Cache, name: str, what: str, of: Sequence[str]) -> Path:
    folder = cache.root / FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    about = json.dumps({"what": what, "of": list(of)})
    folder.with_name(f"{name}.json").write_text(about, "utf-8")
    return folder


def _about(path: Path) -> tuple[str, tuple[str, ...]]:
    try:
        about = json.loads(path.read_text("utf-8"))
        return str(about["what"]), tuple(about["of"])
    except (OSError, ValueError, KeyError, TypeError):
        return "what an interrupted build left", ()


def _kept(top: Path, name: str) -> Kept:
    what, of = _about(top / f"{name}.json")
    size = 0
    for folder, _, files in os.walk(top / name):
        for file in files:
            with contextlib.suppress(OSError):  # somebody works in it
                size += os.lstat(os.path.join(folder, file)).st_blocks * 512  # noqa: PTH118 - many
    return Kept(name, what, of, size)


@contextlib.contextmanager
def _locked(cache: Cache, name: str) -> Iterator[int]:
    locks = cache.root / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    fd = os.open(locks / f"kept-{name}", os.O_RDWR | os.O_CREAT, 0o666)
    try:
        yield fd
    finally:
        os.close(fd)


def _lock(fd: int, mode: int, what: str, progress: Progress) -> None:
    try:
        fcntl.flock(fd, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        progress.step(f"waiting for {what}, which another pagelab works in")
        if not lock_within(fd, LOCK_SECONDS, mode):
            raise HarnessError(
                f"another pagelab has been at work in {what} for over {LOCK_SECONDS:.0f} s: "
                "end it, or set PAGELAB_CACHE"
            ) from None
