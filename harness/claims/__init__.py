"""The catalogue: what the documents claim, and what each kernel shows of it.

Data, beside this module: one TOML file an API (`get_user_pages.toml`), and one
a document in `documents/`. docs/claims.md says how to write an entry. Which
programs test a claim stands in the programs alone.
"""

from __future__ import annotations

import enum
import functools
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from ..environment import Environment

HOLDS, CONTRADICTED = "holds", "contradicted"
ANY = "any"  # of environments of which no other key says something


class Untestable(enum.Enum):
    """Why no program can test a claim; there are no other reasons."""

    ADVICE = "advice or timing"
    HISTORY = "history"
    ELSEWHERE = "a pointer to elsewhere"
    DUTY = "a duty of the caller whose breach no outcome shows"
    HARMFUL = "would crash, hang or corrupt the kernel"
    HARDWARE = "needs hardware that no emulator has"


@dataclass(frozen=True, slots=True)
class Entry:
    """One claim of the catalogue.

    Attributes:
        sentences: ids of the sentences it answers; may be empty.
        source: the kernel's file and function, or the commit, that explain it.
        expected: the words that an environment needs (version line, architecture, boot
            parameters), or ANY, -> HOLDS or CONTRADICTED.
        elsewhere: why nothing is expected where `expected` says nothing.
        untestable: why no program tests it, None where programs do.
        because: the same in a sentence of its own.
    """

    id: str
    api: str
    sentences: tuple[str, ...]
    wording: str
    source: str
    expected: Mapping[str, str] = field(default_factory=dict)
    elsewhere: str = ""
    untestable: Untestable | None = None
    because: str = ""

    @property
    def testable(self) -> bool:
        """Programs show or refute it."""
        return self.untestable is None

    def expected_in(self, environment: Environment) -> str | None:
        """What this environment should show, by the key that says most of it; None by none."""
        has = {environment.judged_as, environment.arch, *environment.boot_args}
        fitting = {}
        for key, status in self.expected.items():
            words = set(key.split()) - {ANY}
            if words <= has:
                fitting[len(words), environment.judged_as in words] = status
        return fitting[max(fitting)] if fitting else None


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a document.

    Attributes:
        part: the paragraph, or the argument, that it stands in.
        says: what it says, in words of ours.
    """

    id: str
    part: str
    says: str


@dataclass(frozen=True, slots=True)
class Document:
    """One document.

    Attributes:
        kernel: the release that it documents.
        about: where it is found, and what is in it.
    """

    id: str
    title: str
    kernel: str
    about: str
    sentences: tuple[Sentence, ...]


_KEYS = {"sentences", "wording", "source", "expected", "elsewhere", "not_testable", "because"}


def parse(text: str, name: str) -> dict[str, Entry]:
    """One catalogue file; its name is the API's.

    Raises:
        ValueError: malformed; says where.
    """
    api = name.removesuffix(".toml")
    return {number: _entry(number, api, value) for number, value in tomllib.loads(text).items()}


def _entry(number: str, api: str, value: Mapping[str, Any]) -> Entry:
    if unknown := set(value) - _KEYS:
        raise ValueError(f"{api}: {number} has {', '.join(sorted(unknown))}")
    try:
        entry = Entry(
            id=number,
            api=api,
            sentences=tuple(value["sentences"]),
            wording=value["wording"],
            source=value["source"],
            expected=dict(value.get("expected", {})),
            elsewhere=value.get("elsewhere", ""),
            untestable=Untestable(value["not_testable"]) if "not_testable" in value else None,
            because=value.get("because", ""),
        )
    except KeyError as error:
        raise ValueError(f"{api}: {number} lacks {error}") from None
    wrong = set(entry.expected.values()) - {HOLDS, CONTRADICTED}
    if wrong:
        raise ValueError(f"{api}: {number} expects {', '.join(sorted(wrong))}")
    if entry.testable != bool(entry.expected or entry.elsewhere):
        raise ValueError(f"{api}: {number} is either expected somewhere or not testable")
    if entry.testable == bool(entry.because):
        raise ValueError(f"{api}: {number}: `because` says why a claim is not testable")
    return entry


def parse_document(text: str, name: str) -> Document:
    """One file of `documents/`; its name is the document's id.

    Raises:
        ValueError: malformed; says where.
    """
    tables = tomllib.loads(text)
    try:
        head = tables.pop("document")
        return Document(
            id=name.removesuffix(".toml"),
            title=head["title"],
            kernel=head["kernel"],
            about=head["about"],
            sentences=tuple(
                Sentence(number, value["part"], value["says"]) for number, value in tables.items()
            ),
        )
    except KeyError as error:
        raise ValueError(f"{name}: lacks {error}") from None


def _files(*folder: str) -> Iterator[tuple[str, str]]:
    """Name and text of each TOML file of a folder, sorted."""
    where = resources.files(__package__).joinpath(*folder)
    for file in sorted(where.iterdir(), key=lambda item: item.name):
        if file.name.endswith(".toml"):
            yield file.name, file.read_text("utf-8")


@functools.cache
def catalogue() -> Mapping[str, Entry]:
    """Every claim, by id."""
    entries: dict[str, Entry] = {}
    for name, text in _files():
        for number, entry in parse(text, name).items():
            if number in entries:
                raise ValueError(f"{name}: {number} stands in two files")
            entries[number] = entry
    return dict(sorted(entries.items(), key=lambda item: _order(item[0])))


def _order(number: str) -> tuple[str, int]:
    """GUP-9 before GUP-10."""
    word, _, count = number.rpartition("-")
    return word, int(count)


@functools.cache
def documents() -> tuple[Document, ...]:
    """Every document, by id."""
    return tuple(parse_document(text, name) for name, text in _files("documents"))
