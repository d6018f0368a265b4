"""A user's own kernel, built by a make that takes a moment; for real where one is asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from faketree import FakeTree

from harness import build, kept, proc, toolchain
from harness.arch import ARM64, X86_64
from harness.cache import Cache, file_digest
from harness.errors import HarnessError, UsageError
from harness.kbuild import KernelBuild
from harness.progress import SILENT, Progress, Silent
from harness.toolchain import Limits

REAL = os.environ.get("PAGELAB_OWN_TREE")


class Heard(Silent):
    """A Progress that remembers its lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.fixture
def tree(tmp_path: Path) -> FakeTree:
    return FakeTree(tmp_path / "linux")


@pytest.fixture(autouse=True)
def no_module(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """No module is built for a fake."""
    if "real" not in request.node.name:
        monkeypatch.setattr(build, "complete", lambda built, *_, **__: built)


def made(name: str | Path, cache: Cache, progress: Progress = SILENT) -> KernelBuild:
    """The kernel of a place, for arm64, whose image needs no tool."""
    built: Any = build.build(str(name), ARM64, cache=cache, progress=progress)
    assert isinstance(built, KernelBuild)
    return built


def test_an_edit_makes_what_depends_on_it(cache: Cache, tree: FakeTree) -> None:
    before = tree.listing()
    first = made(tree.top, cache)
    assert tree.made() == ["gup", "memory", "mmap", "tinyconfig"]
    assert first.own == str(tree.top)
    assert "-own-" in first.key
    assert tree.listing() == before
    assert made(tree.top, cache) == first
    assert tree.made() == []
    tree.write("mm/gup.c", "/* another */\n")
    second = made(tree.top, cache)
    assert tree.made() == ["gup", "tinyconfig"]
    assert "another" in second.image.read_text()
    assert (second.key, second.source_digest) != (first.key, first.source_digest)
    # All that a module is built of is as it was.
    assert second.module_digest == first.module_digest
    tree.write("mm/gup.c", "/* gup */\n")
    assert made(tree.top, cache) == first
    assert tree.made() == []
    assert [one.what for one in kept.folders(cache)] == [f"the copy of {tree.top} and its builds"]


def test_a_file_more_and_a_file_less(cache: Cache, tree: FakeTree) -> None:
    made(tree.top, cache)
    tree.write("mm/new.c", "/* new */\n")
    (tree.top / "mm/mmap.c").unlink()
    tree.made()
    text = made(tree.top, cache).image.read_text()
    assert tree.made() == ["new", "tinyconfig"]
    assert "new" in text
    assert "mmap" not in text


def test_a_touched_file_is_the_same(cache: Cache, tree: FakeTree) -> None:
    first = made(tree.top, cache)
    tree.write("mm/gup.c", (tree.top / "mm/gup.c").read_text())
    tree.made()
    assert made(tree.top, cache) == first
    assert tree.made() == []


def test_a_copy_of_which_nothing_is_known_is_compared(cache: Cache, tree: FakeTree) -> None:
    first = made(tree.top, cache)
    (folder,) = cache.root.glob("kept/tree-*/")
    (folder / "index.json").write_text("{")
    (folder / "tree/mm/stray.c").write_text("")
    tree.made()
    assert made(tree.top, cache) == first
    assert not (folder / "tree/mm/stray.c").exists()


def test_a_tree_that_was_built_in_place(cache: Cache, tree: FakeTree) -> None:
    clean = made(tree.top, cache)
    for name in ("mm/gup.o", "mm/.gup.o.cmd", "scripts/tool", "scripts/.tool.cmd", ".git/HEAD"):
        tree.write(name, "made\n")
    tree.write("include/config/auto.conf", "CONFIG_X=y\n")
    tree.write("arch/x86/include/generated/a.h", "")
    assert made(tree.top, cache) == clean


def test_its_own_config_is_kept_where_the_fragments_allow(cache: Cache, tree: FakeTree) -> None:
    plain = made(tree.top, cache)
    own = "CONFIG_MINE=y\nCONFIG_SWAP=m\n# CONFIG_SMP is not set\nCONFIG_ODD=m\n"
    tree.write(".config", f"# Linux/arm64 6.1.7-mine Kernel Configuration\n{own}")
    tree.made()
    heard = Heard()
    built = made(tree.top, cache, heard)
    assert tree.made() == []
    assert built.key != plain.key
    config = (built.image.parent / "config").read_text().splitlines()
    assert {"CONFIG_MINE=y", "CONFIG_SWAP=y", "CONFIG_SMP=y", "# CONFIG_ODD is not set"} < {*config}
    assert "CONFIG_SWAP=m" not in config
    assert heard.lines[0].startswith(
        "Linux 6.1.7-mine for arm64 (base): its .config is overridden:"
    )
    assert "CONFIG_SMP=y (it says n)" in heard.lines[0]
    assert "MINE" not in heard.lines[0]
    assert "2 modules of its .config are not built" in heard.lines[1]


def test_another_architectures_config_is_not_taken(cache: Cache, tree: FakeTree) -> None:
    tree.write(".config", "# Linux/x86 6.1.7 Kernel Configuration\nCONFIG_MINE=y\n")
    built = made(tree.top, cache)
    assert "MINE" not in (built.image.parent / "config").read_text()


def test_what_does_not_compile_is_the_users(tmp_path: Path, tree: FakeTree) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "cache").symlink_to("elsewhere")
    cache = Cache(tmp_path / "cache")
    tree.write("mm/gup.c", "broken\n")
    with pytest.raises(UsageError) as caught:
        made(tree.top, cache)
    message = str(caught.value)
    log = cache.root / "logs/kernel-6.1.7-mine-arm64-base-own.log"
    assert ": mm/gup.c:1:2: error: this is broken " in message
    assert message.endswith(f"(all of it: {log})")
    assert "this is broken" in log.read_text()
    assert not list(cache.root.glob("kernel/*"))
    tree.write("mm/gup.c", "/* mended */\n")
    assert "mended" in made(tree.top, cache).image.read_text()


def test_an_option_that_it_cannot_have(cache: Cache, tmp_path: Path) -> None:
    known = FakeTree(tmp_path / "known", "6.1", lacks="CONFIG_USERFAULTFD")
    with pytest.raises(UsageError, match="cannot have .* CONFIG_USERFAULTFD=y"):
        made(known.top, cache)
    heard = Heard()
    unknown = FakeTree(tmp_path / "unknown", "6.5", lacks="CONFIG_USERFAULTFD")
    assert made(unknown.top, cache, heard).version == "6.5.7-mine"
    assert "cannot have" in heard.lines[0]


_NEEDS = {"tar.gz": "gzip", "tar.xz": "xz", "tar.zst": "zstd", "tar.bz2": "bzip2"}


@pytest.mark.parametrize("kind", ["tar", *_NEEDS])
@pytest.mark.parametrize("top", ["linux", "."])
def test_archives(cache: Cache, tree: FakeTree, tmp_path: Path, kind: str, top: str) -> None:
    if (needed := _NEEDS.get(kind)) and not shutil.which(needed):
        pytest.skip(f"there is no {needed}")
    archive = tmp_path / f"own.{kind}"
    folder = tmp_path if top == "linux" else tree.top
    subprocess.run(["tar", "-caf", archive, "-C", folder, top], check=True)
    built = made(archive, cache)
    assert (built.version, built.own) == ("6.1.7-mine", str(archive))
    assert built.source_digest == file_digest(archive)
    assert "gup" in built.image.read_text()
    assert made(archive, cache) == built
    assert kept.folders(cache) == []


def test_archives_that_are_none(cache: Cache, tree: FakeTree, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("hello")
    with pytest.raises(UsageError, match="no kernel's source: expected a folder, or a .tar"):
        made(text, cache)
    other = tmp_path / "other.tar"
    subprocess.run(["tar", "-cf", other, "-C", tree.top, "mm"], check=True)
    with pytest.raises(UsageError, match="no kernel's source in it"):
        made(other, cache)
    torn = tmp_path / "torn.tar.gz"
    subprocess.run(["tar", "-czf", torn, "-C", tmp_path, "linux"], check=True)
    os.truncate(torn, torn.stat().st_size // 2)
    with pytest.raises(UsageError, match="is damaged"):
        made(torn, cache)


def test_a_url(cache: Cache, tree: FakeTree, tmp_path: Path) -> None:
    archive = tmp_path / "linux.tar.gz"
    subprocess.run(["tar", "-czf", archive, "-C", tmp_path, "linux"], check=True)
    digest = file_digest(archive)
    url = f"{archive.as_uri()}#sha256={digest}"
    wrong = f"{archive.as_uri()}#sha256={'0' * 64}"
    with pytest.raises(UsageError, match=f"has SHA-256 {digest}, not 000"):
        made(wrong, cache)
    assert not list(cache.root.glob("source/*"))
    built = made(url, cache)
    assert (built.own, built.source_digest) == (url, digest)
    archive.unlink()
    assert made(url, cache) == built
    shutil.rmtree(cache.root / "source")
    with pytest.raises(HarnessError, match="cannot be fetched"):
        made(url, cache)


def test_a_disk_that_is_too_small_is_told_first(
    cache: Cache, tree: FakeTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100 << 20))
    with pytest.raises(HarnessError, match="disk full: a kernel from .* needs 4.. MB, 100 MB are"):
        made(tree.top, cache)
    assert tree.made() == []


# ---- compilers -----------------------------------------------------------------


@pytest.fixture
def compilers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of fake compilers, the only ones there are."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/bin")
    real = proc.find
    monkeypatch.setattr(
        proc, "find", lambda name: real(name) if "gcc" not in name else _there(folder / name)
    )
    fake(folder, "ld", "2.40.0")
    return folder


def _there(path: Path) -> Path | None:
    return path if path.exists() else None


def fake(folder: Path, name: str, version: str) -> None:
    """Installs a compiler that says a version."""
    path = folder / f"{X86_64.cross_compile}{name}"
    path.write_text(f"#!/bin/sh\necho '{path.name} (Debian {version}-1) {version}'\n")
    path.chmod(0o755)


def test_a_gcc_that_does_not_build_a_kernel(cache: Cache, compilers: Path) -> None:
    fake(compilers, "gcc", "15.2.0")
    limits = Limits("Linux 6.1.7", (5, 1), 15)
    with pytest.raises(HarnessError) as caught:
        toolchain.choose(X86_64, ("gcc",), cache, limits)
    assert str(caught.value).startswith(
        "x86_64-linux-gnu-gcc 15.2.0 is too new for Linux 6.1.7, which gcc 5.1 to 14 builds: "
        "apt-get install gcc-14"
    )
    fake(compilers, "gcc-13", "13.2.0")
    assert toolchain.choose(X86_64, ("gcc",), cache, limits).cc == "x86_64-linux-gnu-gcc-13"
    with pytest.raises(HarnessError, match="15.2.0 is too old for Linux 9.9, which gcc 16.1 or ne"):
        toolchain.choose(X86_64, ("gcc",), cache, Limits("Linux 9.9", (16, 1)))
    fake(compilers, "gcc-16", "16.1.0")
    found = toolchain.choose(X86_64, ("gcc",), cache, Limits("Linux 9.9", (16, 1)))
    assert found.cc == "x86_64-linux-gnu-gcc-16"
    assert toolchain.choose(X86_64, ("gcc",), cache).cc == "x86_64-linux-gnu-gcc"


# ---- for real ------------------------------------------------------------------


@pytest.mark.skipif(not REAL, reason="PAGELAB_OWN_TREE names no tree")
@pytest.mark.timeout(7200)
def test_a_real_tree(tmp_path: Path) -> None:
    """PAGELAB_OWN_TREE: a kernel's source. It is copied, built, edited and built again."""
    assert REAL
    top = tmp_path / "linux"
    shutil.copytree(REAL, top, symlinks=True)
    cache = Cache()
    first = build.build(str(top), X86_64, cache=cache)
    with (top / "mm/gup.c").open("a") as file:
        file.write("\nint pagelab_edited;\n")
    started = time.monotonic()
    second = build.build(str(top), X86_64, cache=cache)
    seconds = time.monotonic() - started
    assert second.key != first.key
    assert second.module == first.module
    assert " pagelab_edited\n" in second.symbols.read_text()
    assert seconds < 60, f"{seconds:.0f} s"
