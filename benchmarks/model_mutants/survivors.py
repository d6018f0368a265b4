"""What is known of mutants that no trace notices: survivors.toml, one reason each."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError

from .judge import Judged

KNOWN = Path(__file__).with_name("survivors.toml")
# What a reason may be.
REASONS = {
    "equivalent": "it decides the same wherever the model can get",
    "release": "only a kernel of another release comes there",
    "speed": "it is only slower",
    "told": "it is only told to people",
    "unnoticed": "no shipped program shows it",
}


@dataclass(frozen=True, slots=True)
class Survivor:
    """Why one mutant is not noticed.

    Attributes:
        why: what makes it so, for people; of "release" the flag first.
    """

    reason: str
    why: str


def read(path: Path = KNOWN) -> dict[str, Survivor]:
    """Mutant -> why it survives.

    Raises:
        HarnessError: the file is malformed.
    """
    try:
        entries = tomllib.loads(path.read_text("utf-8")).get("survivor", [])
        known = {entry["mutant"]: Survivor(entry["reason"], entry["why"]) for entry in entries}
    except (tomllib.TOMLDecodeError, KeyError, OSError) as error:
        raise HarnessError(f"{path}: {error}") from None
    if len(known) != len(entries):
        raise HarnessError(f"{path}: a mutant stands there twice")
    if wrong := {one.reason for one in known.values()} - set(REASONS):
        raise HarnessError(f"{path}: no reason {', '.join(sorted(wrong))}")
    return known


def stale(
    known: Mapping[str, Survivor], judged: Sequence[Judged], there: Collection[str]
) -> list[str]:
    """Entries whose mutant is killed, or is none any more.

    Args:
        judged: the sample; what is known of mutants outside of it is not looked at.
        there: names of all mutants.
    """
    killed = {one.mutant.name for one in judged if one.killed}
    return sorted(name for name in known if name in killed or name not in there)
