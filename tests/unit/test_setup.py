"""What set-up installs is what the code uses: the lock, the ranges, the imports, the packages."""

from __future__ import annotations

import re
import sys
import tomllib

from pysource import imports_of

from harness.tree import HOST_PACKAGES, ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PINNED = re.compile(r"^([a-z0-9-]+)==\S+.*?\\\n((?:    --hash=sha256:[0-9a-f]{64}.*\n)+)", re.M)
# A distribution by the package that is imported, where the two differ.
DISTRIBUTION = {"elftools": "pyelftools"}
MARKS = {"-", "amd64", "arm64", "bookworm", "trixie", "fresh"}


def names(requirements: list[str]) -> set[str]:
    """The names of requirements as the lock writes them."""
    return {re.split(r"[^\w-]", text, maxsplit=1)[0].replace("_", "-") for text in requirements}


def imported(folder: str) -> set[str]:
    """Top-level packages that the Python files of a folder import, the standard library apart."""
    files = (ROOT / folder).rglob("*.py")
    found = set().union(*(imports_of(path).absolute for path in files))
    return {DISTRIBUTION.get(name, name) for name in found - sys.stdlib_module_names}


def test_everything_asked_for_is_locked_with_hashes() -> None:
    locked = {name for name, _ in PINNED.findall(LOCK)}
    dev = PROJECT["optional-dependencies"]["dev"]
    assert names(PROJECT["dependencies"]) | names(dev) <= locked
    assert len(locked) == len(re.findall(r"^[a-z0-9-]+==", LOCK, re.M))


def test_the_lock_is_of_this_pyproject() -> None:
    for name in names(PROJECT["dependencies"]):
        pinned = re.search(rf"^{name}==.*?(?=^\S)", LOCK, re.M | re.S)
        assert pinned, name
        assert re.search(r"via(?:\n +#)? +pagelab|#   pagelab", pinned.group()), name


def test_harness_imports_what_is_declared() -> None:
    assert imported("harness") == names(PROJECT["dependencies"])


def test_tests_import_what_is_declared() -> None:
    dev = names(PROJECT["optional-dependencies"]["dev"])
    own = {"benchmarks", "harness", "opinion", "tests"} | {
        path.stem for path in (ROOT / "tests").rglob("*")
    }
    assert imported("tests") - own <= dev | names(PROJECT["dependencies"])


def test_host_packages_are_four_columns() -> None:
    lines = [
        line.split()
        for line in HOST_PACKAGES.read_text("utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    assert len(lines) > 10
    assert len({fields[0] for fields in lines}) == len(lines)
    for fields in lines:
        assert len(fields) >= 4, fields
        assert fields[1] in MARKS, fields
