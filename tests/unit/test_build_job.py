"""Several kernels built side by side, and what is known before: with fakes for the builds."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness import build, kbuild, output, plan
from harness.arch import ARM64, X86_64, Arch
from harness.cache import Cache
from harness.configuration import PLAIN, Configuration
from harness.errors import HarnessError
from harness.jobs import build as job
from harness.jobs.backend import RealBackend
from harness.jobs.settings import Settings
from harness.plan import Order
from harness.progress import Progress, Silent
from harness.report.progress import far, left

ORDERS = [Order(kernel, arch, PLAIN) for kernel in ("6.1", "6.12") for arch in (X86_64, ARM64)]


class Heard(Silent):
    """A Progress that remembers."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, str]] = []
        self.updates: list[tuple[float, float | None]] = []

    def step(self, name: str, unit: str = "") -> None:
        self.steps.append((name, unit))

    def update(self, done: float, total: float | None) -> None:
        self.updates.append((done, total))


@contextmanager
def building(_label: str) -> Iterator[Progress]:
    yield Silent()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def test_one_that_fails_does_not_end_the_others(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = threading.Barrier(2)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})

    def fake(kernel: str, arch: Arch, _: Configuration, *, cache: Cache, progress: Progress) -> Any:
        both.wait(10)  # two at once, or this breaks
        progress.step("unpacking", "B")
        progress.update(5, 10)
        progress.step("building", kbuild.LINES_UNIT)
        progress.update(100, 200)
        if (kernel, arch) == ("6.1", ARM64):
            raise HarnessError("it does not build")
        progress.update(200, 200)
        return f"{kernel} {arch.name} in {cache.root.name}"

    monkeypatch.setattr(build, "build", fake)
    whole = Heard()
    ended = job.build_all(ORDERS, cache, building, whole)
    assert [one.order for one in ended] == ORDERS
    assert [one.built or str(one.error) for one in ended] == [
        "6.1 x86_64 in cache",
        "it does not build",
        "6.12 x86_64 in cache",
        "6.12 arm64 in cache",
    ]
    assert whole.steps == [("building 4 kernels", kbuild.LINES_UNIT)]
    total = 2.0 * sum(kbuild.LINES.values())
    assert whole.updates[-1] == (total - kbuild.LINES["arm64"] / 2, total)


def test_an_exception_that_nobody_foresaw_is_told(
    cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fake(*_: object, **__: object) -> None:
        raise ValueError("odd")

    monkeypatch.setattr(build, "build", fake)
    (ended,) = job.build_all(ORDERS[:1], cache, building, Heard())
    assert "odd" in str(ended.error)
    assert "ValueError" in ended.trace


@pytest.mark.parametrize(("free", "enough"), [(1000, False), (100_000, True)])
def test_a_disk_too_small_is_said_with_the_size(
    cache: Cache, monkeypatch: pytest.MonkeyPatch, free: int, enough: bool
) -> None:
    usage = SimpleNamespace(free=free << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    if enough:
        plan.check_room(ORDERS, cache)
        return
    with pytest.raises(HarnessError) as caught:
        plan.check_room(ORDERS, cache)
    # Two archives, two trees, the objects of two builds, four entries.
    needs = 2 * 180 + 2 * 900 + 2 * 300 + 4 * 60
    assert str(caught.value).startswith(
        f"disk full: building 4 kernels needs {needs} MB, 1000 MB are free at {cache.root}: "
    )


def test_how_long_is_left() -> None:
    assert left(50, 100, 0, 60) == "about 60 s left"
    assert left(100, 1600, 0, 60) == "about 15 min left"
    # What an interrupted build had done before is not counted for speed.
    assert left(900, 1000, 800, 60) == "about 60 s left"
    for unknown in (left(5, None, 0, 60), left(0, 100, 0, 60), left(5, 100, 0, 5)):
        assert unknown == ""
    assert far(31, 62, kbuild.LINES_UNIT) == "31 of 62 steps of make"


def test_what_failed_is_told_also_when_quiet(
    cache: Cache, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fake(orders: list[Order], *_: object) -> list[job.Ended]:
        return [job.Ended(order, error=HarnessError("it does not build")) for order in orders]

    monkeypatch.setenv("PAGELAB_CACHE", str(cache.root))
    monkeypatch.setattr(RealBackend, "check_names", lambda *_: None)
    monkeypatch.setattr(job, "build_all", fake)
    assert output.build(Settings(), quiet=True, verbose=False) == 23
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == [
        "pagelab: 6.1 x86_64: it does not build",
        "pagelab: 6.1 arm64: it does not build",
    ]
