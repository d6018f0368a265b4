"""Does a program give the same wherever it comes in a run, and alone on a guest of its own?"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from frames import without_frames
from quality.conftest import ROOT, record

from harness import check
from harness.build import Built
from harness.cache import Cache
from harness.fresh import Fresh, Wanted
from harness.trace import Trace
from harness.verdict import Verdict

pytestmark = [pytest.mark.qemu, pytest.mark.slow]
ORDERS = 3
GUESTS = 2  # at once


@pytest.fixture(scope="module")
def source(built: Built) -> Iterator[Fresh]:
    """Guests that have run nothing; restored ones, not boots."""
    fresh = Fresh(built, Wanted(), Cache())
    yield fresh
    assert fresh.take_note() == ""


def differing(recorded: Mapping[str, Trace], again: Mapping[str, Trace]) -> list[str]:
    """Programs that gave anything else; frames' numbers and allowances may differ."""
    found = []
    for name, trace in again.items():
        checked = check.check_trace(trace)
        if checked.verdict is not Verdict.PASS:
            found.append(f"{name}: {checked.verdict}: {checked.detail}")
        elif not checked.allowances and without_frames(trace) != without_frames(recorded[name]):
            found.append(f"{name}: another trace")
    return found


@pytest.mark.parametrize("number", range(ORDERS))
def test_the_order_does_not_matter(
    recorded: Mapping[str, Trace], source: Fresh, tmp_path: Path, number: int
) -> None:
    seed = random.SystemRandom().getrandbits(32)
    names = sorted(recorded)
    random.Random(seed).shuffle(names)
    with source.guest(tmp_path / "console.log") as guest:
        again = record(guest, tmp_path, programs=[ROOT / name for name in names])
    assert len(again) == len(recorded)
    assert differing(recorded, again) == [], f"seed {seed}"


def test_each_alone_gives_the_same(
    recorded: Mapping[str, Trace], source: Fresh, tmp_path: Path
) -> None:
    def alone(name: str) -> dict[str, Trace]:
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        with source.guest(folder / "console.log") as guest:
            return record(guest, folder, programs=[ROOT / name])

    again: dict[str, Trace] = {}
    with ThreadPoolExecutor(GUESTS) as pool:
        for one in pool.map(alone, recorded):
            again |= one
    assert len(again) == len(recorded)
    assert differing(recorded, again) == []
