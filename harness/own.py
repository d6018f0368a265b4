"""A user's own kernel: `-k` with a source tree, an archive of one, or a URL of such an archive."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from . import archive, mirror, sources
from .arch import Arch
from .archive import Inside
from .cache import Cache, Entry, digest_of, file_digest, stamp_of
from .environment import line_of, nearest_line
from .errors import HarnessError, UsageError
from .kconfig import architecture
from .mirror import Mirror
from .progress import Progress
from .toolchain import Limits

_VERSION = re.compile(
    r"^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION)[ \t]*=[ \t]*([\w.+~-]*)", re.MULTILINE
)
_NUMBERS = re.compile(r"\d+\.\d+(\.\d+)?")
_SHA256 = re.compile(r"sha256=([0-9a-fA-F]{64})")
_SCHEMES = ("https", "http", "file")
_READ_SECONDS = 60.0
_PIECE = 1 << 20
COMPILERS = ("gcc",)
_C23_GCC = 15
# Bytes that make leaves: of the fragments alone, and of a .config that nobody knows.
_OBJECTS, _OBJECTS_OWN = 400 << 20, 4 << 30
_DOWNLOAD_ROOM = 300 << 20
MAKEFILE, DOT_CONFIG = "Makefile", ".config"


@dataclass(frozen=True, slots=True)
class OwnSource:
    """The source of a user's own kernel.

    Attributes:
        name: as it was named, a path absolute.
        version: what its makefile says, "6.13.0-rc3".
        top: the source tree, or the archive.
        is_tree: it is a tree, which may change at any time.
        digest: SHA-256 of the archive; "" of a tree, which has to be read for it.
        strip: of an archive: how many folders the tree lies deep in it.
        config: the text of its own .config, "" if it has none.
    """

    name: str
    version: str
    top: Path
    is_tree: bool
    digest: str = ""
    strip: int = 0
    config: str = ""

    @property
    def line(self) -> str:
        """The version line, "6.13"."""
        return line_of(self.version)

    @property
    def own(self) -> str:
        """Whence it comes: it is none of Debian's."""
        return self.name

    def config_for(self, arch: Arch) -> str:
        """Its own .config if that is one for an architecture, else ""."""
        known = architecture(self.config) in ("", arch.kernel, arch.srctree)
        return self.config if known else ""


def is_own(name: str) -> bool:
    """Whether a kernel's name is a place rather than a version that pagelab may know."""
    if _NUMBERS.fullmatch(name):
        return False
    return "/" in name or name.startswith(("~", ".")) or ".tar" in name or Path(name).exists()


def whole_name(name: str) -> str:
    """The name as it means the same everywhere: a path is absolute."""
    if not is_own(name) or "://" in name:
        return name
    return str(Path(name).expanduser().absolute())


def find(name: str, cache: Cache, progress: Progress) -> OwnSource:
    """What a place has; a URL's archive is fetched, unless the cache has it.

    Raises:
        UsageError: there is no kernel's source; or an archive of another digest.
        HarnessError: no network, a full disk.
    """
    if "://" in name:
        url, digest = parse_url(name)
        entry = _fetched(url, digest, cache, progress)
        return _archive(name, entry.path / entry.meta["file"], digest, cache, progress)
    tree = check(name)
    path = Path(whole_name(name))
    return tree or _archive(str(path), path, "", cache, progress)


def check(name: str) -> OwnSource | None:
    """What can be said of a place at once; None of an archive, which has to be unpacked for it.

    Raises:
        UsageError: there is no kernel's source, or the URL is none.
    """
    if "://" in name:
        parse_url(name)
        return None
    path = Path(whole_name(name))
    if path.is_dir():
        return _tree(path)
    if not path.is_file():
        raise UsageError(f"{name}: no such file or folder, and no version of a kernel either")
    archive.compression(path)
    return None


def parse_url(name: str) -> tuple[str, str]:
    """URL and SHA-256 of "https://...#sha256=HEX".

    Raises:
        UsageError: it is not of that form.
    """
    url, _, fragment = name.partition("#")
    match = _SHA256.fullmatch(fragment)
    parts = urlsplit(url)
    if not match or parts.scheme not in _SCHEMES or not parts.path.strip("/"):
        raise UsageError(
            f"{name}: expected https://.../linux.tar.xz#sha256= and the 64 digits of its SHA-256"
        )
    return url, match[1].lower()


# ---- a tree --------------------------------------------------------------------


def _tree(top: Path) -> OwnSource:
    try:
        makefile = (top / MAKEFILE).read_text("utf-8", "replace")
    except OSError:
        raise UsageError(f"{top} is no source tree of a kernel: it has no Makefile") from None
    if built_from := re.search(r"^include (/\S+)/Makefile$", makefile, re.MULTILINE):
        raise UsageError(f"{top} is a build folder: name its source, {built_from[1]}")
    version = version_of(makefile, str(top))
    if not (top / "mm" / "memory.c").is_file():
        raise UsageError(f"{top} is no source tree of a kernel: it has no mm/memory.c")
    path = top / DOT_CONFIG
    try:
        config = path.read_text("utf-8", "replace") if path.is_file() else ""
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    return OwnSource(str(top), version, top, True, config=config)


def version_of(makefile: str, name: str) -> str:
    """The version that a kernel's makefile says.

    Args:
        makefile: its text.
        name: what messages call the tree.

    Raises:
        UsageError: it says none.
    """
    said = {match[1]: match[2] for match in _VERSION.finditer(makefile)}
    numbers = [said.get(name, "") for name in ("VERSION", "PATCHLEVEL", "SUBLEVEL")]
    if not all(number.isdecimal() for number in numbers[:2]):
        raise UsageError(f"{name} is no source tree of a kernel: its Makefile says no VERSION")
    return ".".join(filter(None, numbers)) + said.get("EXTRAVERSION", "")


def synced(source: OwnSource, copy: Mirror, progress: Progress) -> OwnSource:
    """A tree's source with the digest of what it has now, of which the copy then is one.

    Raises:
        UsageError: something in it cannot be read.
        HarnessError: the disk is too small.
    """
    needs = _OBJECTS_OWN if source.config else _OBJECTS
    digest = copy.sync(left_out(source), needs, progress)
    return replace(source, digest=digest_of(digest, source.config))


def limits(source: sources.Source | OwnSource, arch: Arch) -> Limits:
    """Which gcc builds a kernel: what its own tree says, else what is known of its line."""
    what = f"Linux {source.version}"
    known = sources.known()
    line = nearest_line(source.line, known)
    oldest = tuple(int(part) for part in known[line].gcc.split("."))
    if not (isinstance(source, OwnSource) and source.is_tree):
        return Limits(what, oldest)
    script = _text(source.top / "scripts" / "min-tool-version.sh")
    if match := re.search(r"^gcc\)$(.*?);;", script, re.MULTILINE | re.DOTALL):
        asked = re.findall(r"echo (\d+)\.(\d+)", match[1])
        oldest = min(((int(major), int(minor)) for major, minor in asked), default=oldest)
    # The one part of vmlinux that is compiled without the other flags: from gcc 15 on C is C23
    # unless told otherwise, where `false` is no name (6.14: b3bee1e7c3f2 "x86/boot: Compile boot
    # code with -std=gnu11 too").
    flags = re.search(r"^REALMODE_CFLAGS\s*:=(.*)", _text(source.top / "arch/x86/Makefile"), re.M)
    plain = arch.srctree == "x86" and flags and not re.search("-std=|DIALECT", flags[1])
    return Limits(what, oldest, _C23_GCC if plain else 0)


def _text(path: Path) -> str:
    """What a file says; "" if there is none."""
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


# ---- an archive ----------------------------------------------------------------


def _archive(name: str, path: Path, digest: str, cache: Cache, progress: Progress) -> OwnSource:
    digest = digest or _digest(path, cache, progress)
    inside = _inside(path, digest, cache, progress)
    version = version_of(inside.makefile, name)
    return OwnSource(name, version, path, False, digest, inside.strip, inside.config)


def _digest(path: Path, cache: Cache, progress: Progress) -> str:
    """SHA-256 of a user's file; read again only if it was touched."""
    seen = {"path": str(path), "stamp": stamp_of(path.stat())}
    note = f"archive-{path.name[:80]}"
    found = cache.note(note) or {}
    if {key: found.get(key) for key in seen} == seen:
        return str(found["digest"])
    progress.step(f"reading {path.name}")
    try:
        digest = file_digest(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    cache.write_note(note, {**seen, "digest": digest})
    return digest


def _inside(path: Path, digest: str, cache: Cache, progress: Progress) -> Inside:
    note = f"inside-{digest[:32]}"
    found = cache.note(note)
    if found is not None:
        return Inside(int(found["strip"]), str(found["makefile"]), str(found["config"]))
    progress.step(f"looking into {path.name}")
    with cache.disk_errors(path.name, 0), cache.scratch("inside") as scratch:
        inside = archive.look(path, scratch)
    head = "\n".join(match[0] for match in _VERSION.finditer(inside.makefile))
    inside = Inside(inside.strip, head, inside.config)
    cache.write_note(
        note, {"strip": inside.strip, "makefile": inside.makefile, "config": inside.config}
    )
    return inside


def unpack(source: OwnSource, folder: Path, progress: Progress) -> None:
    """Unpacks an archive's tree, without its .config, into a new folder.

    Raises:
        UsageError: it is damaged.
    """
    progress.step(f"unpacking {source.top.name}")
    archive.unpack(source.top, folder, source.strip, left_out(source))
    mirror.clean(folder)


def left_out(source: OwnSource) -> list[str]:
    """Patterns of what is not needed of a source: drivers may be where it has its own .config."""
    return sources.left_out(drivers=not source.config)


# ---- a URL ---------------------------------------------------------------------


def _fetched(url: str, digest: str, cache: Cache, progress: Progress) -> Entry:
    """The entry that has the archive of a URL."""
    file = Path(urlsplit(url).path).name

    def build(folder: Path) -> dict[str, str]:
        progress.step(f"fetching {file}", "B")
        with _opened(url) as (pieces, total):
            done = 0
            with (folder / file).open("wb") as target:
                for piece in pieces:
                    target.write(piece)
                    done += len(piece)
                    progress.update(done, total or None)
        found = file_digest(folder / file)
        if found != digest:
            raise UsageError(
                f"{url} has SHA-256 {found}, not {digest}: "
                "see what its publisher says, and mend the name or fetch it anew"
            )
        return {"url": url, "file": file, "sha256": digest}

    return cache.publish(
        sources.KIND,
        f"own-{digest[:32]}",
        build,
        what=file,
        needs=_DOWNLOAD_ROOM,
        progress=progress,
    )


@contextmanager
def _opened(url: str) -> Iterator[tuple[Iterator[bytes], int]]:
    """The pieces of what a URL has, and how many bytes they are (0: nobody knows)."""
    try:
        with urllib.request.urlopen(url, timeout=_READ_SECONDS) as answer:
            size = answer.headers.get("Content-Length", "")
            yield iter(lambda: answer.read(_PIECE), b""), int(size) if size.isdecimal() else 0
    except urllib.error.HTTPError as error:
        raise UsageError(f"{url}: {error.code} {error.reason}") from None
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        why = getattr(error, "reason", error)
        raise HarnessError(
            f"{url} cannot be fetched ({why}): check the network and the URL"
        ) from None
