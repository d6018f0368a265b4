"""Archives of a kernel's source, whatever they were compressed with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import proc
from .errors import HarnessError, UsageError

UNPACK_SECONDS = 1800.0
# What a file begins with, and what unpacks it.
_MAGIC = {
    b"\xfd7zXZ\0": "xz",
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
}
_TAR_AT, _TAR = 257, b"ustar"


@dataclass(frozen=True, slots=True)
class Inside:
    """What an archive has.

    Attributes:
        strip: how many folders the tree lies deep.
        makefile: the text of the tree's makefile, or the lines of it that say the version.
        config: the text of its .config, "" if it has none.
    """

    strip: int
    makefile: str
    config: str


def compression(path: Path) -> str:
    """What an archive is compressed with: a command; "" for a plain tar.

    Raises:
        UsageError: it is no archive that we know.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_TAR_AT + len(_TAR))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    for magic, command in _MAGIC.items():
        if head.startswith(magic):
            return command
    if head[_TAR_AT:] == _TAR:
        return ""
    raise UsageError(
        f"{path} is no kernel's source: expected a folder, or a .tar, .tar.xz, .tar.gz, "
        ".tar.zst or .tar.bz2"
    )


def look(path: Path, scratch: Path) -> Inside:
    """What can be known without unpacking it whole.

    Args:
        path: the archive.
        scratch: an empty folder.

    Raises:
        UsageError: it is damaged, or has no kernel's source in it.
    """
    wanted = [
        f"{top}{name}" for name in ("Makefile", ".config") for top in ("", "./", "*/", "./*/")
    ]
    _tar(path, scratch, ["--wildcards", "--no-wildcards-match-slash", *wanted], lacking=True)
    for folder, strip in ((scratch, 0), *((one, 1) for one in sorted(scratch.iterdir()))):
        makefile = folder / "Makefile"
        if makefile.is_file() and "PATCHLEVEL" in (text := makefile.read_text("utf-8", "replace")):
            config = folder / ".config"
            own = config.read_text("utf-8", "replace") if config.is_file() else ""
            return Inside(strip, text, own)
    raise UsageError(f"{path} has no kernel's source in it: there is no Makefile with a VERSION")


def unpack(path: Path, folder: Path, strip: int, left_out: Sequence[str]) -> None:
    """Unpack the tree of an archive into a new folder.

    Args:
        path: the archive.
        folder: becomes the top of the tree.
        strip: how many folders the tree lies deep.
        left_out: patterns of what is not unpacked.

    Raises:
        UsageError: it is damaged.
        HarnessError: the disk is full.
    """
    folder.mkdir()
    words = [f"--strip-components={strip}"] if strip else []
    _tar(path, folder, [*words, *(f"--exclude={pattern}" for pattern in left_out)])


def _tar(path: Path, folder: Path, words: Sequence[str], *, lacking: bool = False) -> None:
    """Run tar.

    Args:
        lacking: not everything that was asked for has to be in the archive.
    """
    command = compression(path)
    packed = [f"--use-compress-program={proc.require(command)}"] if command else []
    done = proc.run(
        [
            "tar",
            "-x",
            f"--file={path}",
            *packed,
            f"--directory={folder}",
            "--no-same-owner",
            *words,
        ],
        timeout=UNPACK_SECONDS,
    )
    if lacking and b"Not found in archive" in done.stderr and b"Unexpected EOF" not in done.stderr:
        return
    try:
        done.check(f"unpacking {path.name}")
    except HarnessError as error:
        if "No space left" in str(error):
            raise
        raise UsageError(f"{path} is damaged: {error}") from None
