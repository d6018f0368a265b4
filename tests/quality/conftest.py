"""Traces of every shipped program, recorded on real guests of each architecture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from harness import build, kbuild, language, layout, sources, trace
from harness.arch import Arch
from harness.cache import Cache, Entry
from harness.conditions import requires_met
from harness.errors import HarnessError
from harness.trace import Trace

if TYPE_CHECKING:
    from harness.guest import Guest

ROOT = Path(__file__).parents[2]
PROGRAMS = sorted((ROOT / "programs").rglob("*.mm"))
NEWEST = "7.3"  # shows what 6.1 cannot


class _NoKernel(Cache):
    """The user's cache, in which no kernel is built: that takes too long for a test."""

    def publish(self, kind: str, key: str, *rest: object, **more: object) -> Entry:
        """The entry; a kernel only if it is there.

        Raises:
            HarnessError: it is not.
        """
        if kind == kbuild.KIND and self.find(kind, key) is None:
            raise HarnessError("not built")
        return super().publish(kind, key, *rest, **more)  # type: ignore[arg-type]


def built_before(line: str, arch: Arch) -> build.Built:
    """A line's kernel, of which the cache has the build; else the test is skipped."""
    cache = _NoKernel()
    if sources.cached(line, cache) is None:
        pytest.skip(f"the cache has no source of {line}")
    try:
        return build.build(line, arch, cache=cache)
    except HarnessError as error:
        pytest.skip(f"{line} {arch.name}: {error}")


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


@pytest.fixture(scope="session")
def newest(arch: Arch, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Trace]:
    """Each program's trace on the newest kernel, if the cache has it."""
    from harness.guest import boot

    built = built_before(NEWEST, arch)
    folder = tmp_path_factory.mktemp(f"traces-{NEWEST}")
    with boot(built, console_log=folder / "console.log") as guest:
        return record(guest, folder)
