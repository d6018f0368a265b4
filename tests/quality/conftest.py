"""Traces of every shipped program, recorded on a real guest of each architecture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from harness import language, layout, trace
from harness.conditions import requires_met
from harness.trace import Trace

if TYPE_CHECKING:
    from harness.guest import Guest

ROOT = Path(__file__).parents[2]
PROGRAMS = sorted((ROOT / "programs").rglob("*.mm"))


def record(
    guest: Guest,
    folder: Path,
    observe: Literal["each", "end"] = "each",
    programs: Sequence[Path] = PROGRAMS,
) -> dict[str, Trace]:
    """Run programs, all of them if not told, that are meant for this guest; name -> trace."""
    from harness.guest import Request

    requests = []
    for number, path in enumerate(programs):
        text = path.read_text()
        name = str(path.relative_to(ROOT))
        compiled = layout.compile_program(language.parse(text, name))
        if not all(requires_met(wanted, guest.environment) for wanted in compiled.requires):
            continue
        where = folder / f"{number}.trace"
        requests.append(Request(name, text, compiled, where, observe=observe))
    recorded = {}
    for result in guest.run(requests):
        assert result.ending.verdict == "", (result.request.program, result.ending)
        assert result.request.trace is not None
        where = result.request.trace
        recorded[result.request.program] = trace.decode(where.read_bytes(), str(where))
    assert len(recorded) == len(requests)
    return recorded


@pytest.fixture(scope="session")
def recorded(guest: Guest, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Trace]:
    """Each program's trace on this architecture."""
    return record(guest, tmp_path_factory.mktemp("traces"))
