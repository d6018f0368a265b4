"""`pagelab compare` on real guests: two architectures of one kernel, and two kernels."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import comparing, output
from harness.cache import Cache
from harness.interrupts import interrupts
from harness.jobs import kernels
from harness.jobs.settings import Settings
from harness.tree import PROGRAMS

pytestmark = pytest.mark.qemu
TAGGED, GATE = "get_user_pages/tagged.mm", "access_process_vm/gate.mm"
REFUSED = "pin_user_pages/get_flag.mm"


@pytest.fixture(autouse=True)
def let_go() -> Iterator[None]:
    """What a command holds back at its end is let go for the next one."""
    yield
    interrupts.held = False


def compare(settings: Settings, names: list[str], folder: Path) -> dict[str, Any]:
    """The JSON's comparison."""
    file = folder / "o.json"
    code = comparing.compare(
        settings,
        [PROGRAMS / name for name in names],
        jobs=1,
        out=folder / "run",
        files=output.Files(file, html=folder / "o.html"),
        quiet=False,
        verbose=False,
    )
    value = json.loads(file.read_text())
    assert code == value["exit_code"] == 0
    assert (folder / "o.html").read_text().rstrip().endswith("</html>")
    comparison = value["comparison"]
    assert isinstance(comparison, dict)
    return comparison


def test_two_architectures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = compare(Settings(kernels=("6.1",)), [TAGGED, GATE, "held/dirty.mm"], tmp_path)
    assert [one["cause"] for one in found["causes"]] == ["tagged_addresses"]
    assert {Path(one["program"]).name for one in found["causes"][0]["differing"]} == {"tagged.mm"}
    (left,) = found["not_compared"]
    assert (Path(left["program"]).name, left["verdict"]) == ("gate.mm", "SKIPPED")
    assert "requires: " in left["why"]
    assert "0 unexplained; exit code 0" in capsys.readouterr().out


def test_two_kernels(tmp_path: Path) -> None:
    ready = {
        (known.name, built.arch)
        for known in kernels.survey(Cache()).known
        for built in known.builds
        if built.ready
    }
    if ("7.3", "x86_64") not in ready:
        pytest.skip("7.3 is not built")
    settings = Settings(kernels=("6.1", "7.3"), arches=("x86_64",))
    found = compare(settings, [REFUSED, "held/dirty.mm"], tmp_path)
    assert found["unexplained"] == 0
    flags = {name for one in found["causes"] for names in one["flags"] for name in names}
    assert "pin_get_error" in flags
