"""What the cache has, what of it goes, and what newer kernels there are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness import disk, fresh, kept, sources
from harness.cache import Cache, Entry, digest_of
from harness.debian import Package
from harness.errors import UsageError
from harness.jobs import kernels
from harness.jobs.kernels import Archive, BuiltKernel, Known, Pruned, Survey
from harness.kept import Kept
from harness.progress import Silent
from harness.report import listing
from harness.sources import Offer


def test_kernels_are_listed(tmp_path: Path) -> None:
    built = BuiltKernel("6.1.192", "arm64", "base", 12_300_000, ready=True)
    mine = BuiltKernel("6.13.0-rc3", "x86_64", "base", 23_400_000, ready=False, own="/src/linux")
    archives = (
        Archive("6.1.195", 140_000_000, meant=False),
        Archive("6.1.192", 139_300_000),
    )
    offer = Offer("6.1.199", "6.1.199-1", "2026-11-21")
    known = (
        Known("6.1", "linux-source-6.1", archives, (built,), offer),
        Known("9.9", "linux-source-9.9", (), ()),
    )
    folders = (Kept("kernel-x", "the unfinished build of Linux 6.1.195", (), 45_600_000),)
    found = Survey(tmp_path, known, (mine,), (), folders, 279_300_000, 400_000_000)
    assert listing.kernels(found).splitlines() == [
        "6.1       source 6.1.192, 139.3 MB (linux-source-6.1)",
        "          6.1.195 is there too, 140.0 MB: -k 6.1.195",
        "          Debian has 6.1.199 (6.1.199-1, seen 2026-11-21): "
        "pagelab kernels --update -k 6.1",
        "          6.1.192  arm64   base        12.3 MB  ready",
        "9.9       source not fetched yet (linux-source-9.9)",
        "your own kernels",
        "          6.13.0-rc3  x86_64  base        23.4 MB  not whole: `pagelab build` completes it"
        "  /src/linux",
        "kept: the unfinished build of Linux 6.1.195, 45.6 MB; --prune removes it",
        "sources: 279.3 MB; Debian drops old ones, --prune does not",
        f"cache: {tmp_path}, 400.0 MB",
    ]


def test_an_empty_cache_has_nothing_to_prune(tmp_path: Path) -> None:
    found = kernels.survey(Cache(tmp_path))
    assert found.unused == ()
    assert [known.name for known in found.known] == ["5.10", "6.1", "6.12", "7.3"]
    assert kernels.prune(Cache(tmp_path)) == []


def test_prune_removes_what_no_build_takes(tmp_path: Path) -> None:
    cache = Cache(tmp_path)

    def make(folder: Path) -> dict[str, str]:
        (folder / "pagelab.ko").write_bytes(b"x" * 1000)
        return {}

    cache.publish("module", "old", make, what="an old module")
    assert [entry.key for entry in kernels.survey(cache).unused] == ["old"]
    assert kernels.prune(cache) == [Pruned("module", 1, 1000)]
    assert kernels.survey(cache).unused == ()


def test_prune_removes_snapshots_of_builds_that_are_gone(tmp_path: Path) -> None:
    cache = Cache(tmp_path)

    def make(folder: Path) -> dict[str, str]:
        (folder / fresh.MEMORY).write_bytes(b"x" * 1000)
        return {"kernel": "6.1-gone", "image": "x86_64-gone"}

    cache.publish(fresh.KIND, "old", make, what="an old snapshot")
    assert kernels.prune(cache) == [Pruned(fresh.KIND, 1, 1000)]


def add_source(cache: Cache, version: str, line: str = "6.1") -> None:
    """An archive of that version of Debian's."""

    def make(folder: Path) -> dict[str, str]:
        (folder / "a.deb").write_text(version)
        digest = version.encode().hex().ljust(64, "0")
        return {"line": line, "version": version, "file": "a.deb", "sha256": digest}

    cache.publish(sources.KIND, f"{line}-{version}", make, what="a source")


def means(cache: Cache) -> str:
    source = sources.cached("6.1", cache)
    return source.version if source else ""


def test_a_newer_point_release_is_taken_by_name_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Cache(tmp_path)
    add_source(cache, "6.1.192-1")
    offered = Package("linux-source-6.1_6.1.195-1_all.deb", 9, "c" * 64)

    class Root:
        """An apt root without apt."""

        @classmethod
        @contextmanager
        def open(cls, *_: object) -> Iterator[Root]:
            yield cls()

        def update(self) -> None: ...

        def offered(self, _package: str) -> Package:
            return offered

    monkeypatch.setattr(sources, "AptRoot", Root)
    told = list(kernels.refresh((), cache, Silent(), take=False))
    assert told == ["6.1: Debian has 6.1.195: pagelab kernels --update -k 6.1"]
    (known,) = (one for one in kernels.survey(cache).known if one.name == "6.1")
    assert known.offer
    assert known.offer.version == "6.1.195"
    assert [one.version for one in known.archives] == ["6.1.192"]

    # It is there under its own name, and the line's name means what it meant.
    add = Cache(tmp_path)
    monkeypatch.setattr(cache, "publish", lambda *_, **__: _added(add))
    assert sources.fetch("6.1.195", cache, Silent()).version == "6.1.195"
    assert means(cache) == "6.1.192"
    assert sources.fetch("6.1", cache, Silent()).version == "6.1.192"

    told = list(kernels.refresh(("6.1",), cache, Silent(), take=True))
    assert told == ["6.1: 6.1.192 -> 6.1.195"]
    assert means(cache) == "6.1.195"
    (known,) = (one for one in kernels.survey(cache).known if one.name == "6.1")
    assert known.offer is None
    for take in (False, True):
        told = list(kernels.refresh((), cache, Silent(), take=take))
        assert told == ["6.1: 6.1.195 is the newest"]

    # Old sources go only if that is said.
    assert kernels.prune(cache) == []
    gone = kernels.prune(cache, archives=True)
    assert [one.what for one in gone] == ["the source of Linux 6.1.192"]
    assert means(cache) == "6.1.195"


def _added(cache: Cache) -> Entry:
    add_source(cache, "6.1.195-1")
    return next(one for one in cache.entries(sources.KIND) if one.key == "6.1-6.1.195-1")


def test_point_releases_are_no_lines(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"6\.1\.192 is one point release: name its line, 6\.1$"):
        list(kernels.refresh(("6.1.192",), Cache(tmp_path), Silent(), take=True))


def test_prune_gives_back_what_interrupted_builds_left(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    with kept.alone(cache, "kernel-x", "an unfinished build", Silent()) as folder:
        (folder / "o.o").write_bytes(b"x" * 8192)
        # Somebody works in it.
        assert kernels.prune(cache) == []
    assert [one.size >= 8192 for one in kernels.survey(cache).kept] == [True]
    (gone,) = kernels.prune(cache)
    assert (gone.what, gone.count) == ("an unfinished build", 1)
    assert kernels.survey(cache).kept == ()
    text = listing.pruned([gone, Pruned("image", 12, 3_000_000)])
    assert "removed an unfinished build, " in text
    assert "removed 12 of image, 3.0 MB\n" in text


def test_the_newest_kernel_of_a_tree_of_the_users_is_in_use(tmp_path: Path) -> None:
    cache = Cache(tmp_path)

    def make(meta: dict[str, str]) -> Callable[[Path], dict[str, str]]:
        def build(folder: Path) -> dict[str, str]:
            (folder / "file").write_bytes(b"x" * 1000)
            return meta

        return build

    meta = {"version": "6.1.192", "arch": "arm64", "config": "base", "own": "/src/linux"}
    for number in range(2):
        cache.publish("kernel", f"k{number}", make(meta), what="a kernel")
        cache.publish("module", f"m{number}", make({"kernel": f"k{number}"}), what="a module")
        cache.publish("image", f"i{number}", make({"module": f"m{number}"}), what="an image")
        os.utime(tmp_path / "kernel" / f"k{number}", (number + 1, number + 1))
    found = kernels.survey(cache)
    assert found.own == (BuiltKernel("6.1.192", "arm64", "base", 3000, True, "/src/linux"),)
    assert sorted(one.key for one in found.unused) == ["i0", "k0", "m0"]


def test_what_kernels_of_the_users_share_is_in_use(tmp_path: Path) -> None:
    """A module that was built for an earlier kernel of the same headers, and the guests' disk."""
    cache = Cache(tmp_path)

    def publish(kind: str, key: str, meta: dict[str, str]) -> None:
        cache.publish(kind, key, lambda _: meta, what=key)

    meta = {"version": "6.1.192", "arch": "arm64", "config": "base", "own": "/src/linux"}
    publish("kernel", "k", {**meta, "module_digest": "headers"})
    publish("module", "m", {"kernel": "headers"})
    publish("image", "i", {"module": "m"})
    publish("disk", digest_of(disk.RECIPE, str(disk.SIZE), *disk.ARGUMENTS)[:24], {})
    found = kernels.survey(cache)
    assert [one.ready for one in found.own] == [True]
    assert found.unused == ()
