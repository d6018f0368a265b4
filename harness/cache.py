"""A content-addressed store: what was built once is found by what it was built from.

    <root>/<kind>/<key>/...    an entry: files and manifest.json, never changed
    <root>/notes/<name>.json   small facts that may be lost: pins, measured times
    <root>/locks, <root>/tmp   builders at work

An entry appears by one rename, whole or not at all. Nothing in it says where
it lies, so a root can be moved or copied. A reader checks it: sizes and
digests of every file when first seen at this place, afterwards only that no
file was touched since (size, times, inode).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import HarnessError
from .progress import SILENT, Progress

MANIFEST = "manifest.json"
FULL = (errno.ENOSPC, errno.EDQUOT)
# What only the user can mend: rights, a broken disk, a file where a folder should be.
UNUSABLE = (
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO),
    *(errno.ENOTDIR, errno.EEXIST, errno.ELOOP, errno.ENAMETOOLONG),
)
LOCK_SECONDS = 3600.0


def digest_of(*parts: str | bytes | Path) -> str:
    """SHA-256 over strings, bytes and files' contents, each with its length."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            part = bytes.fromhex(file_digest(part))  # noqa: PLW2901
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "little") + data)
    return total.hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hex, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Entry:
    """One verified entry.

    Attributes:
        kind, key: its name.
        path: its folder.
        meta: what its builder said of it.
        size: bytes of all files.
    """

    kind: str
    key: str
    path: Path
    meta: Mapping[str, Any] = field(default_factory=dict)
    size: int = 0


class _DamagedError(Exception):
    """An entry is not what its manifest says; the message says why."""


class Cache:
    """The store at one root.

    Args:
        root: PAGELAB_CACHE, or the user's cache folder, when None.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = (root or default_root()).absolute()
        self._told: set[str] = set()

    # ---- entries --------------------------------------------------------------------------

    def find(self, kind: str, key: str, progress: Progress = SILENT) -> Entry | None:
        """The entry, verified; None if there is none, or it is damaged (said once, in one line)."""
        path = self.root / kind / key
        if not path.is_dir():
            return None
        try:
            return self._verified(kind, key, path)
        except _DamagedError as reason:
            text = f"cache: {kind} {key} is damaged ({reason}) and is made anew"
            if progress is not SILENT and text not in self._told:
                self._told.add(text)
                progress.line(text)
            return None

    def publish(
        self,
        kind: str,
        key: str,
        build: Callable[[Path], Mapping[str, Any] | None],
        *,
        what: str,
        needs: int = 0,
        progress: Progress = SILENT,
        timeout: float = LOCK_SECONDS,
    ) -> Entry:
        """The entry; built, unless it is there, in a folder that then becomes the entry.

        Of several at once one builds and the others wait for it.

        Args:
            build: fills the empty folder it is given; may return facts for Entry.meta.
            what: what messages call it.
            needs: bytes of disk that building takes.
            timeout: seconds to wait for another builder.

        Raises:
            HarnessError: the disk is full, the cache cannot be written, or another builder
                took too long; and whatever build raises.
        """
        found = self.find(kind, key, progress)
        if found:
            return found

        def waiting() -> None:
            progress.step(f"waiting for {what}, which is being made")

        with (
            self.disk_errors(what, needs),
            self.lock(f"{kind}-{key}", timeout, waiting, what),
        ):
            found = self.find(kind, key)
            if not found:
                self._check_room(what, needs)
                with self.scratch(kind) as scratch:
                    self._build(kind, key, build, scratch)
                found = self.find(kind, key)
        if not found:
            raise HarnessError(f"{what} was altered in the cache at {self.root} while being made")
        return found

    def _build(
        self,
        kind: str,
        key: str,
        build: Callable[[Path], Mapping[str, Any] | None],
        scratch: Path,
    ) -> None:
        made = scratch / "entry"
        made.mkdir()
        meta = dict(build(made) or {})
        files = {}
        for path in sorted(made.rglob("*")):
            if path.is_file():
                _sync(path)
                size = path.stat().st_size
                files[path.relative_to(made).as_posix()] = {
                    "size": size,
                    "sha256": file_digest(path),
                }
        manifest = {"schema": 1, "kind": kind, "key": key, "meta": meta, "files": files}
        manifest["digest"] = digest_of(json.dumps(manifest, sort_keys=True))
        write_whole(made / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True))
        target = self.root / kind / key
        target.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            target.rename(scratch / "damaged")
        made.rename(target)
        _sync(target.parent)
        # The digests are of what lies there now: nobody has to read it all again.
        stamps = {name: stamp_of((target / name).stat()) for name in files}
        self._saw(kind, key, manifest["digest"], stamps)

    def _verified(self, kind: str, key: str, path: Path) -> Entry:
        try:
            manifest = json.loads((path / MANIFEST).read_text("utf-8"))
            digest = manifest.pop("digest")
            files: dict[str, dict[str, Any]] = manifest["files"]
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            raise _DamagedError("no manifest that can be read") from None
        if digest != digest_of(json.dumps(manifest, sort_keys=True)) or manifest["key"] != key:
            raise _DamagedError("its manifest was altered")
        stamps = {}
        for name, expected in files.items():
            try:
                stat = (path / name).stat()
            except OSError:
                raise _DamagedError(f"{name} is missing") from None
            if stat.st_size != expected["size"]:
                raise _DamagedError(
                    f"{name} has {stat.st_size} bytes instead of {expected['size']}"
                )
            stamps[name] = stamp_of(stat)
        if self.note(f"seen-{kind}-{key}") != {"digest": digest, "stamps": stamps}:
            for name, expected in files.items():
                if file_digest(path / name) != expected["sha256"]:
                    raise _DamagedError(f"{name} was altered")
            self._saw(kind, key, digest, stamps)
        size = sum(expected["size"] for expected in files.values())
        return Entry(kind, key, path, manifest["meta"], size)

    def _saw(self, kind: str, key: str, digest: object, stamps: Mapping[str, list[int]]) -> None:
        """Keeps that an entry was read and was right."""
        self.write_note(f"seen-{kind}-{key}", {"digest": digest, "stamps": stamps})

    def entries(self, kind: str, progress: Progress = SILENT) -> list[Entry]:
        """All whole entries of a kind, by key."""
        folder = self.root / kind
        keys = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
        return [entry for key in keys if (entry := self.find(kind, key, progress))]

    def remove(self, kind: str, key: str) -> None:
        """Remove an entry if it is there."""
        with self.disk_errors(f"{kind} {key}", 0), self.scratch(kind) as scratch:
            with contextlib.suppress(FileNotFoundError):
                (self.root / kind / key).rename(scratch / "entry")
            self._note_path(f"seen-{kind}-{key}").unlink(missing_ok=True)

    # ---- notes ----------------------------------------------------------------------------

    def note(self, name: str) -> dict[str, Any] | None:
        """A small fact written earlier; None if there is none, or it cannot be read."""
        try:
            value = json.loads(self._note_path(name).read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return value if isinstance(value, dict) else None

    def write_note(self, name: str, value: Mapping[str, Any]) -> None:
        """Keep a small fact, if the cache can be written; the last writer wins."""
        path = self._note_path(name)
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, json.dumps(value, sort_keys=True))

    def _note_path(self, name: str) -> Path:
        return self.root / "notes" / f"{name}.json"

    # ---- builders at work -----------------------------------------------------------------

    @contextlib.contextmanager
    def lock(
        self, name: str, timeout: float, waiting: Callable[[], None], what: str
    ) -> Iterator[None]:
        """Hold a lock that processes and threads share; calls `waiting` if it must wait.

        Raises:
            HarnessError: not free within `timeout` seconds.
        """
        folder = self.root / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        fd = os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                if not lock_within(fd, timeout):
                    raise HarnessError(
                        f"another pagelab has been making {what} for over {timeout:.0f} s: "
                        "end it, or set PAGELAB_CACHE"
                    ) from None
            yield
        finally:
            os.close(fd)

    @contextlib.contextmanager
    def scratch(self, name: str) -> Iterator[Path]:
        """An empty folder beside the entries, gone afterwards; what dead processes left goes too.

        Raises:
            OSError: the cache cannot be written.
        """
        folder = self.root / "tmp"
        folder.mkdir(parents=True, exist_ok=True)
        _remove_stale(folder)
        while True:
            fd, lock = tempfile.mkstemp(prefix=f"{name}-", suffix=".lock", dir=folder)
            fcntl.flock(fd, fcntl.LOCK_EX)
            if Path(lock).exists():
                break
            os.close(fd)  # another process took it for stale in between
        path = Path(lock.removesuffix(".lock"))
        try:
            path.mkdir()
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)
            Path(lock).unlink(missing_ok=True)
            os.close(fd)

    def check_room(self, what: str, needs: int) -> None:
        """Say before the work begins that the disk is too small for it.

        Raises:
            HarnessError: it is.
        """
        with self.disk_errors(what, needs):
            self._check_room(what, needs)

    def _check_room(self, what: str, needs: int) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        if needs > 0 and shutil.disk_usage(self.root).free < needs:
            raise OSError(errno.ENOSPC, what)

    @contextlib.contextmanager
    def disk_errors(self, what: str, needs: int) -> Iterator[None]:
        """Say in one line what to do about a disk's errors, our own or those of a child.

        Args:
            what: what is being made.
            needs: bytes that it takes; 0 if nobody knows.

        Raises:
            HarnessError: instead of OSError, or of a child's words about a full disk.
        """
        try:
            yield
        except OSError as error:
            if error.errno in FULL:
                raise self._full(what, needs) from error
            reason = f"{error.strerror}: {error.filename}"
            if error.errno in UNUSABLE:
                raise HarnessError(
                    f"the cache at {self.root} cannot be used ({reason}): "
                    "mend that, or set PAGELAB_CACHE"
                ) from error
            raise HarnessError(f"{what} could not be made: {reason}") from error
        except HarnessError as error:
            if os.strerror(errno.ENOSPC) in str(error):
                raise self._full(what, needs) from error
            raise

    def _full(self, what: str, needs: int) -> HarnessError:
        free = shutil.disk_usage(self.root).free >> 20
        more = f"{needs >> 20} MB" if needs else "more room"
        return HarnessError(
            f"disk full: {what} needs {more}, {free} MB are free at {self.root}: "
            "free some, or set PAGELAB_CACHE to a folder on another disk"
        )


def default_root() -> Path:
    """PAGELAB_CACHE, or the folder "pagelab" in the user's cache folder."""
    if own := os.environ.get("PAGELAB_CACHE"):
        return Path(own)
    user = os.environ.get("XDG_CACHE_HOME")
    return (Path(user) if user else Path.home() / ".cache") / "pagelab"


def lock_within(fd: int, timeout: float, mode: int = fcntl.LOCK_EX) -> bool:
    """flock() has no deadline, so a thread waits in it; one that comes late lets go again."""
    late = threading.Lock()
    got = threading.Event()
    abandoned = False
    own = os.dup(fd)

    def wait() -> None:
        with contextlib.suppress(OSError):
            fcntl.flock(own, mode)
        with late:
            if abandoned:
                fcntl.flock(own, fcntl.LOCK_UN)
            got.set()
        os.close(own)

    threading.Thread(target=wait, daemon=True).start()
    try:
        got.wait(timeout)
    finally:
        with late:
            abandoned = not got.is_set()
    return not abandoned


def _remove_stale(folder: Path) -> None:
    for lock in folder.glob("*.lock"):
        try:
            fd = os.open(lock, os.O_RDWR)
        except OSError:
            continue  # it ended just now, or is somebody else's
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)
        except OSError:
            pass  # at work
        finally:
            os.close(fd)


def stamp_of(stat: os.stat_result) -> list[int]:
    """What changes when a file is touched."""
    return [stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old or the new one, never a part."""
    fd, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with open(fd, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(fd)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
