"""Differences are rerun on fresh guests before they are reported; a checker here finds some."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from frames import without_frames

from harness import output
from harness.cache import Cache
from harness.check import Checked
from harness.interrupts import interrupts
from harness.jobs.backend import RealBackend
from harness.jobs.programs import find, read
from harness.jobs.settings import Settings
from harness.program import Compiled
from harness.trace import Trace, decode
from harness.verdict import Verdict

from .command import results

pytestmark = pytest.mark.qemu
TEXT = 'm = mmap(pages=1, prot=rw, flags=private|anon)\nstore(m[0], "x")\nmunmap(m)\n'


@pytest.fixture(autouse=True)
def let_go() -> Iterator[None]:
    """A run holds signals back at its end; here another test follows."""
    yield
    interrupts.held = False


class Suspicious(RealBackend):
    """The real thing, but that its checker finds differences where it is told to.

    Args:
        finds: whether it does, for a program's file name and how often it was checked before.
    """

    def __init__(self, finds: Callable[[str, int], bool]) -> None:
        super().__init__(Cache())
        self._finds = finds
        self._seen: dict[str, int] = {}

    def check(self, trace: Trace, compiled: Compiled) -> Any:
        said = super().check(trace, compiled)
        name = Path(trace.header.program).name
        before = self._seen.get(name, 0)
        self._seen[name] = before + 1
        if not self._finds(name, before):
            return said
        told = {"operation": 1, "line": 2, "text": "differs", "observed": {}, "allowed": []}
        return Checked(Verdict.MISMATCH, 3, 1, told | {"source": "6.1 mm/memory.c f"})


def run(tmp_path: Path, finds: Callable[[str, int], bool]) -> tuple[int, dict[str, Any]]:
    """Exit code, and the result of each program by file name."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.mm").write_text(TEXT)
    code = output.run(
        Settings().but(arches=["arm64"]),
        [read(path) for path in find([folder])],
        jobs=2,
        out=tmp_path / "run",
        files=output.Files(),
        quiet=True,
        verbose=False,
        backend=Suspicious(finds),
    )
    found = results(tmp_path / "run")["results"]
    return code, {Path(one["program"]).name: one for one in found}


def test_a_difference_that_repeats_alone(tmp_path: Path) -> None:
    code, found = run(tmp_path, lambda name, _: name == "b.mm")
    assert code == 10
    one = found["b.mm"]
    assert one["verdict"] == "MISMATCH"
    assert [again["how"] for again in one["reruns"]] == ["alone"]
    assert Path(one["trace"]).is_file()
    again = Path(one["reruns"][0]["trace"])
    traces = [decode(path.read_bytes(), str(path)) for path in (Path(one["trace"]), again)]
    assert without_frames(traces[0]) == without_frames(traces[1])
    first, second = (trace.header.environment.snapshot for trace in traces)
    assert first == second != ""
    assert {found[name]["verdict"] for name in ("a.mm", "c.mm")} == {"PASS"}
    assert len(list((tmp_path / "run" / "console").iterdir())) == 2


def test_a_difference_that_needs_its_history(tmp_path: Path) -> None:
    code, found = run(tmp_path, lambda name, before: name == "b.mm" and before != 1)
    assert code == 10
    assert found["b.mm"]["verdict"] == "MISMATCH"
    hows = [(again["how"], again["verdict"]) for again in found["b.mm"]["reruns"]]
    assert hows == [("alone", "PASS"), ("history", "MISMATCH")]


def test_a_difference_that_never_repeats(tmp_path: Path) -> None:
    code, found = run(tmp_path, lambda name, before: name == "b.mm" and before == 0)
    assert code == 10
    assert found["b.mm"]["verdict"] == "FLAKY"
    assert [again["verdict"] for again in found["b.mm"]["reruns"]] == ["PASS", "PASS"]
    assert all(Path(again["trace"]).is_file() for again in found["b.mm"]["reruns"])
