"""The documents say what is so: links resolve, commands exist, no machine's own path is named."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from harness import commands
from harness.tree import ROOT

DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
# Paths of one machine: a home folder, a workplace, a scratch folder with a name in it.
FOREIGN = re.compile(r"(?<![\w.~/$-])/(?:home|root|work|workspace|Users|tmp/\w+|builds)/\w")
FENCED = re.compile(r"```sh\n(.*?)```", re.DOTALL)
TEXT_FILES = (".md", ".py", ".sh", ".mm", ".toml", ".c", ".h", ".config", ".txt", ".lock", "")
SKIPPED = {".git", ".venv", ".hypothesis", "runs", "__pycache__", "testdata"}


def own_files() -> Iterator[Path]:
    """Text files of the project, not those that a tool or a run made."""
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in SKIPPED and "_cache" not in name]
        for name in files:
            if Path(name).suffix in TEXT_FILES and name != ".git":
                yield Path(folder, name)


def anchors(document: Path) -> set[str]:
    """The headings of a document as links name them."""
    headings = re.findall(r"^#+ (.*)$", document.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def test_the_documents_are_there() -> None:
    names = {path.name for path in DOCUMENTS}
    assert names >= {
        "README.md",
        "architecture.md",
        "ci.md",
        "dependencies.md",
        "model.md",
        "programs.md",
        "troubleshooting.md",
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_resolve(document: Path) -> None:
    text = CODE.sub("", document.read_text("utf-8"))
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        place, _, anchor = target.partition("#")
        linked = (document.parent / place).resolve() if place else document
        assert linked.exists(), f"{document.name} links to {target}"
        assert linked.is_relative_to(ROOT), f"{document.name} links outside: {target}"
        if anchor:
            assert anchor in anchors(linked), f"{document.name} links to {target}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_nothing_is_left_to_fill_in(document: Path) -> None:
    assert not re.search(r"<!-- OUTPUT|TODO|TBD|FIXME", document.read_text("utf-8"))


def test_make_targets_that_are_named_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for document in DOCUMENTS:
        code = "\n".join(CODE.findall(document.read_text("utf-8")))
        named = set(re.findall(r"\bmake ([a-z]+)\b", code))
        assert named <= targets, f"{document.name} names {named - targets}"
    helped = set(re.findall(r'@echo "make ([a-z]+)', makefile))
    assert helped == targets - {"help"}


def test_commands_that_are_named_exist() -> None:
    known = set(getattr(typer.main.get_command(commands.app), "commands", ()))
    for document in DOCUMENTS:
        code = "\n".join(CODE.findall(document.read_text("utf-8")))
        named = set(re.findall(r"\bpagelab ([a-z]+)\b", code))
        assert named <= known, f"{document.name} names {named - known}"


def test_paths_that_the_readme_runs_exist() -> None:
    for block in FENCED.findall((ROOT / "README.md").read_text("utf-8")):
        for path in re.findall(r"\b(?:programs|docs|images|tools)/[\w/.]*", block):
            assert (ROOT / path).exists(), path


def test_no_file_names_a_place_on_one_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in own_files()
        for match in FOREIGN.finditer(path.read_text("utf-8", errors="replace"))
        if path != Path(__file__)
    ]
    assert not found
