"""Programs from the command line: found, read and compiled before anything boots."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import conditions, language, layout
from ..environment import Environment
from ..errors import UsageError
from ..program import Compiled

SUFFIX = ".mm"
# Far above any program that a person writes; a file that is no program is not read whole.
SIZE_MAX = 4 << 20


@dataclass(frozen=True, slots=True)
class Source:
    """One program, ready to run.

    Attributes:
        name: path as the user gave it; what results call it.
        path: where it was read.
        text: whole.
    """

    name: str
    path: Path
    text: str
    compiled: Compiled

    @property
    def digest(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def find(paths: Sequence[Path], suffix: str = SUFFIX) -> list[Path]:
    """The files that paths stand for: themselves, or all in a folder, sorted; each once.

    Raises:
        UsageError: a path that is not there, or a folder without such a file.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        for file in _files(path, suffix):
            found.setdefault(file.resolve(), file)
    return list(found.values())


def _files(path: Path, suffix: str) -> Iterable[Path]:
    if path.is_dir():
        inside = sorted(file for file in path.rglob(f"*{suffix}") if file.is_file())
        if not inside:
            raise UsageError(f"{path}: no {suffix} file in this folder")
        return inside
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder")
    return [path]


def read(path: Path, name: str | None = None) -> Source:
    """One program, parsed and compiled.

    Args:
        path: the file.
        name: what it is called; the path if None.

    Raises:
        UsageError: unreadable or malformed, with file, line and column.
    """
    called = name or str(path)
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_MAX + 1)
    except OSError as error:
        raise UsageError(f"{called}: cannot be read: {error.strerror}") from None
    if len(data) > SIZE_MAX:
        raise UsageError(f"{called}: larger than {SIZE_MAX >> 20} MiB: not a program")
    program = language.decode(data, called)
    return Source(called, path, data.decode(), layout.compile_program(program))


def boot_args_asked(source: Source) -> tuple[str, ...]:
    """The boot parameters that a program has to have, each once."""
    asked = (conditions.boot_args_asked(condition) for condition in source.compiled.requires)
    return tuple(dict.fromkeys(arg for several in asked for arg in several))


def unmet(source: Source, environment: Environment) -> str | None:
    """The first ``requires:`` of a program that is false in an environment; None if none is."""
    for condition in source.compiled.requires:
        if not conditions.requires_met(condition, environment):
            return language.render_condition(condition)
    return None
