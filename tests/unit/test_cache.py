"""The store: whole or absent, verified, shared, relocatable."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness.cache import Cache, default_root, digest_of
from harness.errors import HarnessError
from harness.progress import Silent


class Heard(Silent):
    """A Progress that remembers."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.steps: list[str] = []

    def step(self, name: str, unit: str = "") -> None:
        self.steps.append(name)

    def line(self, text: str) -> None:
        self.lines.append(text)


class Builder:
    """Builds an entry of two files and counts how often."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, folder: Path) -> dict[str, str]:
        self.calls += 1
        (folder / "image").write_bytes(b"i" * 100_000)
        (folder / "sub").mkdir()
        (folder / "sub" / "map").write_text("m")
        return {"release": "6.1.0"}


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def test_built_once_then_found(cache: Cache) -> None:
    build = Builder()
    first = cache.publish("kernel", "k1", build, what="a kernel")
    again = cache.publish("kernel", "k1", build, what="a kernel")
    assert build.calls == 1
    assert first == again
    assert first.meta["release"] == "6.1.0"
    assert first.size == 100_001
    assert (first.path / "sub" / "map").read_text() == "m"
    assert list((cache.root / "tmp").iterdir()) == []


def test_an_entry_works_at_another_place(cache: Cache, tmp_path: Path) -> None:
    cache.publish("kernel", "k1", Builder(), what="a kernel")
    moved = tmp_path / "elsewhere"
    shutil.copytree(cache.root, moved)
    shutil.rmtree(cache.root)
    entry = Cache(moved).find("kernel", "k1")
    assert entry
    assert entry.path == moved / "kernel" / "k1"


def truncate(entry: Path) -> None:
    os.truncate(entry / "image", 10)


def alter(entry: Path) -> None:
    """Same size and, as far as one can set them, same times."""
    stat = (entry / "image").stat()
    with (entry / "image").open("r+b") as file:
        file.write(b"X")
    os.utime(entry / "image", ns=(stat.st_atime_ns, stat.st_mtime_ns))


def lose(entry: Path) -> None:
    (entry / "sub" / "map").unlink()


def lose_manifest(entry: Path) -> None:
    (entry / "manifest.json").unlink()


def alter_manifest(entry: Path) -> None:
    path = entry / "manifest.json"
    path.write_text(path.read_text().replace("6.1.0", "6.1.1"))


def garble_manifest(entry: Path) -> None:
    (entry / "manifest.json").write_bytes(b"[1]\xff")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (truncate, "image has 10 bytes instead of 100000"),
        (alter, "image was altered"),
        (lose, "sub/map is missing"),
        (lose_manifest, "no manifest"),
        (alter_manifest, "its manifest was altered"),
        (garble_manifest, "no manifest"),
    ],
)
def test_a_damaged_entry_is_made_anew_and_said_once(
    cache: Cache, damage: Callable[[Path], None], reason: str
) -> None:
    build, heard = Builder(), Heard()
    entry = cache.publish("kernel", "k1", build, what="a kernel")
    damage(entry.path)
    assert cache.publish("kernel", "k1", build, what="a kernel", progress=heard) == entry
    assert build.calls == 2
    assert len(heard.lines) == 1
    assert reason in heard.lines[0]
    assert "made anew" in heard.lines[0]
    assert (entry.path / "image").read_bytes() == b"i" * 100_000


def test_a_failed_builder_leaves_nothing(cache: Cache) -> None:
    def build(folder: Path) -> None:
        (folder / "part").write_text("x")
        raise HarnessError("no compiler")

    with pytest.raises(HarnessError, match="no compiler"):
        cache.publish("kernel", "k1", build, what="a kernel")
    assert cache.find("kernel", "k1") is None
    assert list((cache.root / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        HarnessError("make failed: ld: final link failed: No space left on device"),
    ],
)
def test_a_full_disk_is_one_line_that_says_what_to_do(cache: Cache, error: Exception) -> None:
    def build(folder: Path) -> None:
        raise error

    with pytest.raises(HarnessError) as caught:
        cache.publish("kernel", "k1", build, what="a kernel", needs=7 << 20)
    message = str(caught.value)
    assert message.startswith("disk full: a kernel needs 7 MB, ")
    assert "PAGELAB_CACHE" in message
    assert "\n" not in message
    assert cache.find("kernel", "k1") is None


def test_too_little_room_is_noticed_before_building(cache: Cache) -> None:
    build = Builder()
    with pytest.raises(HarnessError, match="disk full: a kernel needs 1099511627776 MB"):
        cache.publish("kernel", "k1", build, what="a kernel", needs=1 << 60)
    assert build.calls == 0


def test_a_root_that_cannot_be_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HarnessError, match="Not a directory.*PAGELAB_CACHE"):
        Cache(tmp_path / "file").publish("kernel", "k1", Builder(), what="a kernel")


def test_of_two_builders_one_waits(cache: Cache) -> None:
    begun, go = threading.Event(), threading.Event()
    build, heard = Builder(), Heard()

    def slow(folder: Path) -> dict[str, str]:
        begun.set()
        assert go.wait(20)
        return build(folder)

    class Waited(Heard):
        def step(self, name: str, unit: str = "") -> None:
            heard.step(name)
            go.set()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.publish, "kernel", "k1", slow, what="a kernel")
        assert begun.wait(20)
        second = pool.submit(
            cache.publish, "kernel", "k1", slow, what="a kernel", progress=Waited()
        )
        assert first.result(20) == second.result(20)
    assert build.calls == 1
    assert heard.steps == ["waiting for a kernel, which is being made"]


def test_waiting_has_an_end_and_lets_go_of_the_lock(cache: Cache) -> None:
    with (
        cache.lock("kernel-k1", 5, lambda: None, "it"),
        pytest.raises(HarnessError, match="another pagelab has been making a kernel"),
    ):
        cache.publish("kernel", "k1", Builder(), what="a kernel", timeout=0.05)
    cache.publish("kernel", "k1", Builder(), what="a kernel", timeout=20)


def test_what_dead_builders_left_is_removed(cache: Cache) -> None:
    left = cache.root / "tmp" / "kernel-dead"
    left.mkdir(parents=True)
    (left / "file").write_text("x")
    left.with_suffix(".lock").write_text("")
    with cache.scratch("alive") as alive, cache.scratch("other"):
        assert not left.exists()
        assert alive.is_dir()
    assert list((cache.root / "tmp").iterdir()) == []


def test_notes(cache: Cache) -> None:
    assert cache.note("pin") is None
    cache.write_note("pin", {"version": "6.1.1"})
    assert cache.note("pin") == {"version": "6.1.1"}
    (cache.root / "notes" / "pin.json").write_text("{")
    assert cache.note("pin") is None


def test_listing_and_removing(cache: Cache) -> None:
    for key in ("b", "a"):
        cache.publish("kernel", key, Builder(), what="a kernel")
    assert [entry.key for entry in cache.entries("kernel")] == ["a", "b"]
    cache.remove("kernel", "a")
    cache.remove("kernel", "never")
    assert [entry.key for entry in cache.entries("kernel")] == ["b"]
    assert cache.entries("module") == []


def test_a_damaged_entry_is_not_listed_and_told_once(cache: Cache) -> None:
    entry = cache.publish("kernel", "k1", Builder(), what="a kernel")
    truncate(entry.path)
    heard = Heard()
    assert cache.entries("kernel", heard) == []
    cache.publish("kernel", "k1", Builder(), what="a kernel", progress=heard)
    assert len(heard.lines) == 1


def test_where_the_root_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PAGELAB_CACHE", str(tmp_path))
    assert default_root() == tmp_path
    monkeypatch.delenv("PAGELAB_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_root() == tmp_path / "pagelab"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_root() == tmp_path / ".cache" / "pagelab"


def test_digests_keep_parts_apart(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("ab")
    digests = {
        digest_of("ab", "c"),
        digest_of("a", "bc"),
        digest_of("abc"),
        digest_of(tmp_path / "file", "c"),
    }
    assert len(digests) == 4
    assert digest_of("ab") == digest_of(b"ab")
