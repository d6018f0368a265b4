"""Fresh guests out of a snapshot: the same ones each time, and a boot where that fails."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from frames import without_frames

from harness import fresh, guest, language, layout, snapshot, trace
from harness.build import Built
from harness.cache import Cache
from harness.errors import BootFailed, HarnessError, KernelFault
from harness.fresh import Fresh, Wanted

pytestmark = pytest.mark.qemu

TEXT = """\
m = mmap(pages=8, prot=rw, flags=private|anon)
store(m[0], "first")
h = get_user_pages(m[0], nr=8, gup_flags=WRITE)
c = fork()
c: store(m[1], "second")
c: exit()
munmap(m)
d = peek(h[0], 5)
put_page(h)
"""
TRIES = 6  # a busy host's timers may move a frame from one place to another


def run(booted: guest.Guest, path: Path, programs: int = 1) -> trace.Trace:
    """The last trace of some programs."""
    compiled = layout.compile_program(language.parse(TEXT, "p.mm"))
    results = list(booted.run(guest.Request("p.mm", TEXT, compiled, path) for _ in range(programs)))
    assert [result.ending.verdict for result in results] == [""] * programs
    return trace.decode(path.read_bytes(), "p.mm")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    """Has no snapshot in the beginning, and then those that the tests make."""
    return Cache(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def restored(built: Built, cache: Cache, tmp_path: Path) -> Iterator[guest.Guest]:
    with Fresh(built, Wanted(), cache).guest(tmp_path / "restored.log") as booted:
        assert booted.environment.snapshot
        yield booted


def test_two_of_one_snapshot_are_the_same(built: Built, cache: Cache, tmp_path: Path) -> None:
    source = Fresh(built, Wanted(), cache)
    seen: list[trace.Trace] = []
    for number in range(TRIES):
        with source.guest(tmp_path / f"{number}.log") as booted:
            seen.append(run(booted, tmp_path / f"{number}.trace"))
        assert without_frames(seen[-1]) == without_frames(seen[0])
        if any(other.outcomes == seen[-1].outcomes for other in seen[:-1]):
            break
    else:
        pytest.fail(f"no two of {TRIES} restored guests gave the same trace, bit by bit")
    assert source.take_note() == ""
    assert {one.header.environment.snapshot for one in seen} == {source.key}


def test_what_the_boot_said_is_in_the_log(restored: guest.Guest, tmp_path: Path) -> None:
    assert "pagelab: ready virtio" in (tmp_path / "restored.log").read_text()
    assert "pagelab: ready virtio" in restored.tail


def test_many_programs_behind_each_other(restored: guest.Guest, tmp_path: Path) -> None:
    run(restored, tmp_path / "many.trace", programs=50)
    assert restored.usable


def test_a_panic_in_a_restored_guest_is_seen(restored: guest.Guest, tmp_path: Path) -> None:
    assert restored.sysrq(b"c")
    compiled = layout.compile_program(language.parse(TEXT, "p.mm"))
    requests = (guest.Request("p.mm", TEXT, compiled, tmp_path / "t") for _ in range(10_000))
    assert list(restored.run(requests))[-1].ending.verdict == "KERNEL_FAULT"


def test_over_the_serial_console(built: Built, cache: Cache, tmp_path: Path) -> None:
    source = Fresh(built, Wanted(channel="serial"), cache)
    for number in range(2):
        with source.guest(tmp_path / "console.log") as booted:
            run(booted, tmp_path / f"{number}.trace", programs=3)
            assert booted.environment.snapshot
            assert "~P" not in booted.tail


def test_several_at_once_make_one_snapshot(built: Built, tmp_path: Path) -> None:
    source = Fresh(built, Wanted(boot_args=("pagelab.note=1",)), Cache(tmp_path))
    keys: list[str] = []

    def start(number: int) -> None:
        with source.guest(tmp_path / f"{number}.log") as booted:
            keys.append(booted.environment.snapshot)
            run(booted, tmp_path / f"{number}.trace")

    threads = [threading.Thread(target=start, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert keys == [source.key] * 2
    assert [path.name for path in (tmp_path / fresh.KIND).iterdir()] == [source.key]


def test_a_damaged_snapshot_is_made_anew(built: Built, cache: Cache, tmp_path: Path) -> None:
    """Once the cache notices; once nobody does before QEMU."""
    source = Fresh(built, Wanted(), cache)
    with source.guest(tmp_path / "console.log"):
        pass
    state = cache.root / fresh.KIND / source.key / fresh.STATE
    whole = state.read_bytes()
    state.write_bytes(bytes(len(whole)))
    with source.guest(tmp_path / "console.log") as booted:
        run(booted, tmp_path / "first.trace")
        assert booted.environment.snapshot
    cache.remove(fresh.KIND, source.key)

    def spoil(made: Path) -> dict[str, object]:
        (made / fresh.STATE).write_bytes(whole[: len(whole) // 2])
        (made / fresh.MEMORY).write_bytes(b"")
        (made / fresh.CONSOLE).write_bytes(b"")
        return {"boot_seconds": 1.0}

    cache.publish(fresh.KIND, source.key, spoil, what="a bad snapshot")
    with source.guest(tmp_path / "console.log") as booted:
        run(booted, tmp_path / "second.trace")
        assert booted.environment.snapshot
    assert source.take_note() == ""


def test_what_cannot_be_saved_is_booted(
    built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save(*_: object) -> None:
        raise HarnessError("not today")

    monkeypatch.setattr(snapshot, "save", save)
    source = Fresh(built, Wanted(), Cache(tmp_path / "cache"))
    with source.guest(tmp_path / "console.log") as booted:
        run(booted, tmp_path / "first.trace")
        assert booted.environment.snapshot == ""
    said = source.take_note()
    assert "no snapshot could be made (not today): each guest is booted" in said
    assert source.take_note() == ""


def test_a_guest_that_does_not_boot_is_a_boot_that_failed(built: Built, tmp_path: Path) -> None:
    """Not something to be tried again without a snapshot."""
    image = tmp_path / "initramfs"
    image.write_bytes(b"")
    source = Fresh(replace(built, initramfs=image), Wanted(), Cache(tmp_path / "cache"))
    with pytest.raises((BootFailed, KernelFault)):
        source.guest(tmp_path / "console.log")
    assert source.take_note() == ""
