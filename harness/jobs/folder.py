"""A run folder: everything that a run leaves behind, and enough to run it again.

results.json  junit.xml  rerun.toml
programs/     the programs as they were
traces/       one file a program and environment, reruns beside it
console/      the console log of every guest
errors/       tracebacks of our own faults, with -v
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import HarnessError, UsageError
from .programs import Source, read
from .results import Record

RERUN = "rerun.toml"
_UNSAFE = re.compile(r"[^A-Za-z0-9._=,+-]+")
_PART_MAX = 100
# What a rerun.toml tells of an environment.
_TOLD = (
    "id",
    "kernel",
    "arch",
    "config",
    "cpu",
    "boot_args",
    "own",
    "nearest",
    "accel",
    "qemu",
    "argv",
    "compiler",
    "source_digest",
    "config_digest",
)


def write_atomically(path: Path, text: str) -> None:
    """Replaces a file's content; a reader sees the old or the new, never a part.

    What is no plain file (/dev/stdout, a pipe) is written to as it is.

    Raises:
        HarnessError: the disk is full, or the folder cannot be written.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")
            return
        target = path.resolve()
        scratch = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            scratch.write_text(text, encoding="utf-8")
            scratch.replace(target)
        finally:
            scratch.unlink(missing_ok=True)
    except OSError as error:
        raise HarnessError(
            f"{path} cannot be written: {error.strerror}: free some space or choose another place"
        ) from None


def safe_part(name: str) -> str:
    """A name as one part of a path: unusual characters replaced, long ones cut and told apart."""
    plain = _UNSAFE.sub("_", name).strip(".") or "_"
    if len(plain) <= _PART_MAX:
        return plain
    return f"{plain[:_PART_MAX]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


class RunFolder:
    """Names the files of one run and makes their folders.

    Args:
        out: the folder, new or empty; None: a new one under ./runs.

    Raises:
        UsageError: `out` has something in it, or is no folder.
        HarnessError: it cannot be made.
    """

    def __init__(self, out: Path | None) -> None:
        now = datetime.now().astimezone()
        fresh = Path("runs") / f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        self.path = fresh if out is None else out
        self._taken: set[Path] = set()
        try:
            if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
                raise UsageError(f"--out {out}: not an empty folder: name a new one")
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HarnessError(f"{self.path} cannot be made: {error.strerror}") from None

    def _claim(self, wanted: Path) -> Path:
        """That path, or one beside it where two names became the same; its folder is made."""
        path, number = wanted, 1
        while path in self._taken:
            number += 1
            path = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
        self._taken.add(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HarnessError(f"{path.parent} cannot be made: {error.strerror}") from None
        return path

    def _like(self, top: str, program: str, suffix: str) -> Path:
        parts = [safe_part(part) for part in Path(program).parts if part not in ("/", "..")]
        return (self.path / top / Path(*parts)).with_suffix(suffix)

    def trace(self, environment: str, program: str, mark: str = "") -> Path:
        """Where one program's trace goes.

        Args:
            environment: Environment.id.
            program: its name.
            mark: tells a rerun's trace from the first one.
        """
        top = f"traces/{safe_part(environment)}"
        return self._claim(self._like(top, program, f"{mark}.trace"))

    def console(self, environment: str) -> Path:
        """Where the next guest's console log goes."""
        return self._claim(self.path / "console" / f"{safe_part(environment)}.log")

    def keep(self, source: Source) -> Path:
        """Keeps a program's text for a rerun."""
        path = self._claim(self._like("programs", source.name, ".mm"))
        try:
            path.write_text(source.text, encoding="utf-8", newline="")
        except OSError as error:
            raise HarnessError(f"{path} cannot be written: {error.strerror}") from None
        return path

    def keep_error(self, text: str) -> Path:
        """Keeps a traceback of ours for those who mend it."""
        path = self._claim(self.path / "errors" / "error.txt")
        write_atomically(path, text)
        return path


@dataclass(frozen=True, slots=True)
class Rerun:
    """What a rerun.toml says.

    Attributes:
        settings: the table [run]; the caller checks its values.
        sources: the programs, under the names that they had.
    """

    settings: Mapping[str, Any]
    sources: tuple[Source, ...]


def render_rerun(
    settings: Mapping[str, str | bool | int | Sequence[str]],
    programs: Sequence[tuple[str, str, str]],
    record: Record,
) -> str:
    """The text of a rerun.toml.

    Args:
        settings: what the command line chose.
        programs: name, path inside the run folder, SHA-256.
        record: what it ran in and how long, for people and comparison.
    """
    lines = [
        "# Runs the same programs again: pagelab run THIS-FILE; options of the command line go",
        "# before what stands here. [[environment]] says what it was that ran; it is not read.",
        f"pagelab = {_toml(__version__)}",
        f"seconds = {record.seconds:.3f}",
        "",
        "[run]",
        *(f"{name} = {_toml(value)}" for name, value in settings.items()),
    ]
    for name, path, digest in programs:
        lines += ["", "[[program]]", f"name = {_toml(name)}", f"path = {_toml(path)}"]
        lines.append(f"sha256 = {_toml(digest)}")
    for environment in record.environments:
        lines += ["", "[[environment]]"]
        lines += [f"{name} = {_toml(getattr(environment, name))}" for name in _TOLD]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + re.sub(r"[\x00-\x1f\x7f]", _escape, escaped) + '"'
    assert isinstance(value, (list, tuple))
    return "[" + ", ".join(_toml(item) for item in value) + "]"


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def read_rerun(path: Path) -> Rerun:
    """A rerun.toml and the programs that it names.

    Raises:
        UsageError: damaged, or a program that is not what it was.
    """
    try:
        value = tomllib.loads(path.read_text("utf-8"))
        settings = dict(value["run"])
        entries = [(str(p["name"]), str(p["path"]), str(p["sha256"])) for p in value["program"]]
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: damaged or not a rerun.toml: {error!r}") from None
    sources = []
    for name, file, digest in entries:
        source = read(path.parent / file, name)
        if source.digest != digest:
            raise UsageError(f"{path}: {file} is not the program that ran: its SHA-256 differs")
        sources.append(source)
    return Rerun(settings, tuple(sources))
