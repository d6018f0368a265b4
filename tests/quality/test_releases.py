"""Is each flag of a release needed? Turned round, the programs that tell it show it.

And are they enough: does probing with them find each line's flags, wherever it starts from?
Asked of every line whose kernel the cache has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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

from .conftest import NEWEST, ROOT, built_before, record

pytestmark = pytest.mark.qemu
PROVEN = ("6.1", NEWEST)  # whose own flags fit all that they show


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
    assert not wrong or line not in PROVEN
    if wrong:  # what `make check` says: before that is mended nothing can be told by them
        pytest.xfail(f"{line} {arch.name}: its own flags do not fit {', '.join(wrong)}")
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
    return check_trace(trace, semantics=sem).verdict in (Verdict.PASS, Verdict.CLAIM_FAILED)


def test_every_flag_turned_round_is_noticed(
    line: str, arch: Arch, telling: Sequence[Trace]
) -> None:
    traces: Mapping[str, Trace] = {trace.header.program: trace for trace in telling}
    unnoticed = []
    for name, value in _others(line):
        if TELLING[name].arch not in ("", arch.name):
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
    told = {one.flag: one.value for one in found.flags if TELLING[one.flag].arch in ("", arch.name)}
    assert told == {name: getattr(RELEASES[line], name) for name in told}
    assert {one.flag for one in found.flags} - found.learnt.keys() <= {
        name for name, telling in TELLING.items() if telling.arch not in ("", arch.name)
    }
    assert line in found.releases
