"""Builds that end early go on, and several at once share the CPUs: make on a fake kernel."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fakekernel import OBJECTS, FakeKernel

from harness import configuration, jobserver, kbuild, kept, sources
from harness.cache import Cache
from harness.configuration import PLAIN
from harness.errors import HarnessError
from harness.jobserver import JobServer
from harness.progress import SILENT, Silent
from harness.tree import ROOT

# Another pagelab that builds the fake, in a folder that it is given.
PAGELAB = """
import sys
from pathlib import Path
sys.path.insert(0, "tests")
from fakekernel import FakeKernel
from harness import sources
from harness.cache import Cache
from harness.interrupts import interrupts
from harness.progress import SILENT

fake = FakeKernel(Path(sys.argv[1]))
sources.unpack = fake.unpack
interrupts.install()
fake.build(Cache(), SILENT)
"""


class Heard(Silent):
    """A Progress that remembers."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.updates: list[tuple[float, float | None]] = []

    def line(self, text: str) -> None:
        self.lines.append(text)

    def update(self, done: float, total: float | None) -> None:
        self.updates.append((done, total))


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeKernel:
    made = FakeKernel(tmp_path / "fake")
    monkeypatch.setattr(sources, "unpack", made.unpack)
    monkeypatch.setattr(jobserver, "_server", JobServer(2))
    return made


def test_a_build_leaves_its_entry_and_nothing_else(cache: Cache, fake: FakeKernel) -> None:
    built = fake.build(cache, SILENT)
    assert built.image.read_text() == "image\n"
    assert len(fake.made()) == OBJECTS
    assert fake.at_once() == 2
    assert kept.folders(cache) == []
    assert fake.build(cache, SILENT) == built
    assert len(fake.made()) == OBJECTS
    # What it printed is the next one's measure.
    assert kbuild.lines_of("6.1", built.arch, "base", cache) == OBJECTS + 2


def test_a_build_that_failed_goes_on(cache: Cache, fake: FakeKernel) -> None:
    fake.breaks("fail o9.o")
    with pytest.raises(HarnessError, match="building Linux .* failed: make"):
        fake.build(cache, SILENT)
    before = fake.made()
    assert before
    assert [one.what for one in kept.folders(cache)] == [
        "the unfinished build of Linux 6.1.999 for arm64 (base)",
        "the source of Linux 6.1.999",
    ]
    assert not list(cache.root.glob("kernel/*"))
    fake.breaks()
    heard = Heard()
    fake.build(cache, heard)
    assert sorted(fake.made()) == sorted(set(fake.made()))
    assert fake.events().count("unpacked") == 1
    assert heard.lines == ["Linux 6.1.999 for arm64 (base): going on where an earlier build ended"]
    # What make had told before counts as done.
    assert heard.updates[0][0] >= len(before)
    assert kept.folders(cache) == []


def test_what_was_left_and_does_not_build_is_begun_anew(cache: Cache, fake: FakeKernel) -> None:
    fake.breaks("fail o9.o")
    with pytest.raises(HarnessError):
        fake.build(cache, SILENT)
    fake.breaks()
    (objects,) = cache.root.glob("kept/kernel-*/objects")
    for path in objects.glob("*.o"):
        path.unlink()
    for number in range(OBJECTS):
        (objects / f"o{number}.o.is-no-folder").touch()
    (objects / "arch/arm64/boot").rename(objects / "lost")
    heard = Heard()
    assert fake.build(cache, heard).image.read_text() == "image\n"
    assert "nothing comes of what was left: from the start" in heard.lines[-1]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_an_interrupted_build_goes_on(cache: Cache, fake: FakeKernel, number: int) -> None:
    fake.breaks("hang o9.o")
    env = {**os.environ, "PAGELAB_CACHE": str(cache.root)}
    process = subprocess.Popen([sys.executable, "-c", PAGELAB, fake.top], env=env, cwd=ROOT)
    deadline = time.monotonic() + 60
    while not any("o9.o" in event for event in fake.events()):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(number)
    process.wait(60)
    before = fake.made()
    assert before
    fake.breaks()
    fake.build(cache, SILENT)
    assert sorted(fake.made()) == sorted(set(fake.made()))
    assert len(fake.made()) == OBJECTS
    assert fake.events().count("unpacked") == 1
    assert kept.folders(cache) == []


def test_builds_side_by_side_share_the_cpus_and_the_source(cache: Cache, fake: FakeKernel) -> None:
    base, lkdtm = PLAIN, configuration.find(["lkdtm"])
    which = [("6.1", base), ("6.1", lkdtm), ("6.12", base)]
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(fake.build, cache, SILENT, *one) for one in which]:
            done.result(120)
    assert len(fake.made()) == 3 * OBJECTS
    assert fake.at_once() == 2
    assert kept.folders(cache) == []
