"""What Python files import, each read and parsed once for all tests that ask."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Imports:
    """What one file takes from elsewhere.

    Attributes:
        statements: its import statements, also those inside of functions.
        of_os: names of the module os that it takes, ``os.fork`` or ``from os import fork``.
    """

    statements: tuple[ast.Import | ast.ImportFrom, ...]
    of_os: frozenset[str]

    @property
    def absolute(self) -> set[str]:
        """Packages that it imports by name, their first words."""
        found = set()
        for node in self.statements:
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif not node.level and node.module:
                found.add(node.module.partition(".")[0])
        return found


@functools.cache
def imports_of(path: Path) -> Imports:
    """What a file imports."""
    tree = ast.parse(path.read_text("utf-8"))
    found = tuple(_imports(tree.body))
    names = {
        alias.name
        for node in found
        if isinstance(node, ast.ImportFrom) and node.module == "os"
        for alias in node.names
    }
    if any(isinstance(node, ast.Import) and _has_os(node) for node in found):
        names.update(_attributes_of_os(tree))
    return Imports(found, frozenset(names))


def _has_os(node: ast.Import) -> bool:
    return any(alias.name == "os" for alias in node.names)


def _imports(body: list[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """Import statements at any depth. Expressions, most of a tree, have none."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
            continue
        for name in ("body", "orelse", "finalbody"):
            yield from _imports(getattr(node, name, []))
        for part in (*getattr(node, "handlers", []), *getattr(node, "cases", [])):
            yield from _imports(part.body)


def _attributes_of_os(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "os":
            yield node.attr
