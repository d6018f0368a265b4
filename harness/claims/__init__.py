"""The catalogue: what the documents claim, and what each kernel shows of it.

Data, one TOML file an API, beside this module. An entry:

    [GUP-01]
    api = "get_user_pages"
    sentences = ["S0-10"]            # ids of docs/sentences.md
    wording = "returns the number of pages pinned"
    source = "mm/gup.c __get_user_pages"
    [GUP-01.expected]                # by version line; or by "line arch"
    "6.1" = "holds"
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from ..environment import Environment

HOLDS, CONTRADICTED = "holds", "contradicted"


@dataclass(frozen=True, slots=True)
class Entry:
    """One claim of the catalogue.

    Attributes:
        sentences: ids of the sentences it answers; may be empty.
        expected: version line, or "line arch", -> "holds" or "contradicted".
        source: the kernel's file and function that explain it.
    """

    id: str
    api: str
    sentences: tuple[str, ...]
    wording: str
    source: str
    expected: Mapping[str, str]

    def expected_in(self, environment: Environment) -> str | None:
        """What this environment should show; None where the catalogue does not say."""
        line = environment.line
        return self.expected.get(f"{line} {environment.arch}", self.expected.get(line))


def parse(text: str, name: str) -> dict[str, Entry]:
    """One catalogue file.

    Raises:
        ValueError: malformed; says where.
    """
    entries = {}
    for number, value in tomllib.loads(text).items():
        try:
            entry = Entry(
                id=number,
                api=value["api"],
                sentences=tuple(value["sentences"]),
                wording=value["wording"],
                source=value["source"],
                expected=dict(value["expected"]),
            )
        except KeyError as error:
            raise ValueError(f"{name}: {number} lacks {error}") from None
        wrong = set(entry.expected.values()) - {HOLDS, CONTRADICTED}
        if wrong:
            raise ValueError(f"{name}: {number} expects {', '.join(sorted(wrong))}")
        entries[number] = entry
    return entries


@functools.cache
def catalogue() -> Mapping[str, Entry]:
    """Every claim, by id."""
    entries: dict[str, Entry] = {}
    for file in sorted(resources.files(__package__).iterdir(), key=lambda item: item.name):
        if file.name.endswith(".toml"):
            for number, entry in parse(file.read_text("utf-8"), file.name).items():
                if number in entries:
                    raise ValueError(f"{file.name}: {number} stands in two files")
                entries[number] = entry
    return entries
