"""By which flags a kernel is judged: its line's, or what probing it once has told.

What was learnt is kept with the cache, by the kernel's own key: another kernel, or the same one
built otherwise, is another one to probe.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from ..cache import Cache
from ..environment import KNOWN, Environment
from ..errors import UsageError
from ..model.releases import RELEASES, Release, with_flags


@dataclass(frozen=True, slots=True)
class Learnt:
    """What probing a kernel has told.

    Attributes:
        nearest: the version line that it started from.
        flags: those that were told, by name.
    """

    nearest: str
    flags: Mapping[str, int | str]


def _note(key: str) -> str:
    return f"probed-{key}"


def keep(cache: Cache, key: str, said: Learnt) -> None:
    """Keeps what was learnt of the kernel that has this key."""
    asked = sorted(field.name for field in fields(Release))
    note = {"nearest": said.nearest, "flags": dict(said.flags), "asked": asked}
    cache.write_note(_note(key), note)


def kept(cache: Cache, key: str) -> Learnt | None:
    """What was learnt of a kernel; None if nothing was, or not of every flag there is today."""
    note = cache.note(_note(key)) or {}
    if note.get("asked") != sorted(field.name for field in fields(Release)):
        return None
    try:
        said = Learnt(str(note["nearest"]), dict(note["flags"]))
        with_flags(RELEASES[said.nearest], said.flags)
    except (KeyError, TypeError, ValueError, UsageError):
        return None
    return said


def judged(environment: Environment, key: str, cache: Cache) -> Environment:
    """An environment with what was learnt of its kernel, if that is none that the model knows.

    Args:
        environment: of a kernel that is built.
        key: that kernel's in the cache.
        cache: has what was learnt.
    """
    said = kept(cache, key) if environment.semantics != KNOWN else None
    if said is None:
        return environment
    return replace(environment, nearest=said.nearest, learnt=said.flags)
