"""What a kernel is asked for beyond what all guests need: by name, or by a fragment's path."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import sources
from .arch import ARCHES, Arch
from .cache import digest_of
from .environment import CONFIG_MARK, nearest_line
from .errors import HarnessError, UsageError
from .kconfig import Request, join, parse_fragment, render
from .tree import KCONFIG

BASE = "base"
LINE_FRAGMENTS = "line"  # their folder in KCONFIG, so that none is a configuration
_STEM = re.compile(r"[^\w.-]")
_SIZE_MAX = 1 << 20


@dataclass(frozen=True, slots=True)
class Fragment:
    """A fragment of the user's own, as it was when it was read.

    Attributes:
        path: absolute.
        asked: its requests.
    """

    path: str
    asked: tuple[Request, ...]

    @property
    def name(self) -> str:
        """What environments call it: the file's name with the beginning of its content's digest."""
        stem = _STEM.sub("_", Path(self.path).name.removesuffix(".config"))
        return f"{stem}-{digest_of(render(self.asked))[:8]}"


@dataclass(frozen=True, slots=True)
class Configuration:
    """What is asked of a kernel beyond the base configuration.

    Attributes:
        parts: names of images/kconfig and fragments of the user's, in order: of two that ask for
            an option the later one holds.
    """

    parts: tuple[str | Fragment, ...] = field(default=())

    @property
    def name(self) -> str:
        """What environments and keys call it: "base", "debug", "memcg+lru_gen"."""
        names = [part if isinstance(part, str) else part.name for part in self.parts]
        return CONFIG_MARK.join(names) or BASE

    @property
    def asked(self) -> list[str]:
        """The words that find() takes for it, from wherever."""
        return [part if isinstance(part, str) else part.path for part in self.parts] or [BASE]

    @property
    def own(self) -> tuple[Fragment, ...]:
        """The fragments of the user's."""
        return tuple(part for part in self.parts if isinstance(part, Fragment))

    def requests(self, arch: Arch, line: str) -> tuple[Request, ...]:
        """All that is asked for: base, the architecture's, the version line's, its own parts.

        Args:
            arch: of which.
            line: "6.1"; one that has no fragments is asked for the nearest one's.

        Raises:
            HarnessError: a fragment of images/kconfig cannot be read.
        """
        nearest = nearest_line(line, sources.known())
        names = [BASE, arch.name, f"{LINE_FRAGMENTS}/{nearest}"]
        asked = [_shipped(name) for name in names]
        for part in self.parts:
            if isinstance(part, Fragment):
                asked.append(part.asked)
            else:
                asked += [_shipped(part), _shipped(f"{part}.{arch.name}")]
        return join(asked)


PLAIN = Configuration()


def names() -> list[str]:
    """The configurations that have a name, BASE among them.

    Each is a fragment of images/kconfig; one for a single architecture is called
    "NAME.ARCH.config".
    """
    found = {path.name.split(".")[0] for path in KCONFIG.glob("*.config")}
    return sorted(found - ARCHES.keys())


def find(asked: Sequence[str]) -> Configuration:
    """The configuration that some words mean: names, and paths of fragments, each once.

    Raises:
        UsageError: neither a name nor a file; or a fragment that cannot be read.
    """
    parts: list[str | Fragment] = []
    for word in dict.fromkeys(asked):
        if word in names():
            parts += [word] if word != BASE else []
        elif _is_path(word):
            parts.append(_own(word))
        else:
            raise UsageError(
                f"unknown configuration {word!r}: choose of {', '.join(names())}, "
                "or name a file of CONFIG_X=y lines"
            )
    return Configuration(tuple(parts))


def whole_name(word: str) -> str:
    """The word as it means the same everywhere: a fragment's path is absolute."""
    return str(Path(word).expanduser().absolute()) if _is_path(word) else word


def _is_path(word: str) -> bool:
    return word not in names() and ("/" in word or word.endswith(".config") or Path(word).exists())


def _own(word: str) -> Fragment:
    path = Path(word).expanduser().absolute()
    try:
        with path.open("rb") as file:
            data = file.read(_SIZE_MAX + 1)
    except OSError as error:
        raise UsageError(f"{word} cannot be read: {error.strerror}") from None
    if len(data) > _SIZE_MAX:
        raise UsageError(f"{word} is larger than {_SIZE_MAX >> 20} MiB: not a fragment")
    try:
        asked = parse_fragment(data.decode("utf-8", "replace"), word)
    except HarnessError as error:
        raise UsageError(str(error)) from None
    if not asked:
        raise UsageError(f"{word} asks for nothing: expected lines such as CONFIG_MEMCG=y")
    return Fragment(str(path), asked)


def _shipped(name: str) -> tuple[Request, ...]:
    path = KCONFIG / f"{name}.config"
    if not path.is_file():
        return ()
    return parse_fragment(path.read_text("utf-8"), f"{name}.config")
