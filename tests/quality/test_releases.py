"""Is each flag of a release needed? Turned round, the programs that tell it show it.

And are they enough: does probing with them find each line's flags, wherever it starts from?
Asked of every line whose kernel the cache has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import fields, replace

import pytest

from harness.arch import Arch
from harness.check import check_trace, probe
from harness.guest import boot
from harness.model.releases import RELEASES, Release, values_of
from harness.model.semantics import semantics_for
from harness.model.telling import TELLING, programs
from harness.trace import Trace
from harness.verdict import Verdict

from .conftest import ROOT, built_before, record

pytestmark = pytest.mark.qemu


@pytest.fixture(scope="module", params=sorted(RELEASES))
def line(request: pytest.FixtureRequest) -> str:
    """Each known version line."""
    return str(request.param)


@pytest.fixture(scope="module")
def telling(line: str, arch: Arch, tmp_path_factory: pytest.TempPathFactory) -> list[Trace]:
    """The traces of the telling programs on a line's kernel."""
    built = built_before(line, arch)
    folder = tmp_path_factory.mktemp(f"telling-{line}-{arch.name}")
    with boot(built, console_log=folder / "console.log") as guest:
        paths = [ROOT / name for name in programs()]
        traces = list(record(guest, folder, programs=paths).values())
    wrong = [one.header.program for one in traces if not _passes(one, RELEASES[line])]
    assert not wrong  # what `make check` says: before that is mended nothing can be told by them
    return traces


def _others(line: str) -> Iterator[tuple[str, int | str]]:
    """Each flag with each value that another release has of it."""
    for one in fields(Release):
        mine = getattr(RELEASES[line], one.name)
        for value in values_of(one.name):
            if value != mine:
                yield one.name, value


def _passes(trace: Trace, release: Release) -> bool:
    """Whether all of it is allowed; what a claim shows is another question."""
    sem = replace(semantics_for(trace.header.environment), release=release)
    try:
        return check_trace(trace, semantics=sem).verdict in (Verdict.PASS, Verdict.CLAIM_FAILED)
    except RuntimeError:  # flags of different kernels may contradict each other
        return False


def _is_told(name: str, line: str, arch: Arch, ran: Set[str]) -> bool:
    """Whether a line's kernel on an architecture, which ran these programs, should tell a flag."""
    telling = TELLING[name]
    here = telling.arch in ("", arch.name) and not ran.isdisjoint(telling.programs)
    return here and telling.decides(RELEASES[line])


def test_every_flag_turned_round_is_noticed(
    line: str, arch: Arch, telling: Sequence[Trace]
) -> None:
    traces: Mapping[str, Trace] = {trace.header.program: trace for trace in telling}
    unnoticed = []
    for name, value in _others(line):
        if not _is_told(name, line, arch, traces.keys()):
            continue
        wrong = replace(RELEASES[line], **{name: value})  # type: ignore[arg-type]
        ran = [traces[program] for program in TELLING[name].programs if program in traces]
        if all(_passes(trace, wrong) for trace in ran):
            unnoticed.append((name, value))
    assert unnoticed == []


@pytest.mark.parametrize("start", sorted(RELEASES))
def test_probing_finds_a_lines_flags_wherever_it_starts(
    line: str, arch: Arch, telling: Sequence[Trace], start: str
) -> None:
    found = probe.find(telling, RELEASES[start])
    ran = {trace.header.program for trace in telling}
    asked = {one.flag for one in found.flags if _is_told(one.flag, line, arch, ran)}
    told = {one.flag: one.value for one in found.flags if one.flag in asked}
    assert told == {name: getattr(RELEASES[line], name) for name in told}
    assert asked <= found.learnt.keys()
    assert line in found.releases
