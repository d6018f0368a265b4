"""Is a kernel that behaves as no release does noticed, until the user takes it as it is?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.cache import Cache
from harness.check import probe
from harness.check.probe import Standing
from harness.environment import PROBED
from harness.guest import Guest
from harness.jobs import learnt
from harness.jobs import probe as probe_job
from harness.jobs.probe import RECORDED, UNACCEPTED, Asked
from harness.jobs.results import Record, Result, infrastructure_detail
from harness.model.releases import EOVERFLOW, RELEASES
from harness.model.telling import programs
from harness.trace import Trace
from harness.verdict import Verdict

from .conftest import ROOT, record

pytestmark = pytest.mark.qemu
WRAPS = "programs/get_user_pages/address_wrap.mm"  # tells overflow_error, which is 0 on 6.1


@pytest.fixture(scope="module")
def telling(guest: Guest, tmp_path_factory: pytest.TempPathFactory) -> list[Trace]:
    """The telling programs' traces, of a tree of the user's own."""
    folder = tmp_path_factory.mktemp("telling")
    recorded = record(guest, folder, programs=[ROOT / name for name in programs()])
    return [_owned(trace) for trace in recorded.values()]


def _owned(trace: Trace) -> Trace:
    environment = replace(trace.header.environment, own="../linux")
    return replace(trace, header=replace(trace.header, environment=environment))


def _with_error(traces: Sequence[Trace], error: int) -> list[Trace]:
    """The same, but that fast calls whose range wraps say an error."""
    return [
        replace(
            trace,
            outcomes=tuple(
                replace(one, ret=error) if at and not one.ret else one
                for at, one in enumerate(trace.outcomes)
            ),
        )
        if trace.header.program == WRAPS
        else trace
        for trace in traces
    ]


def _recorded(monkeypatch: pytest.MonkeyPatch, traces: Sequence[Trace]) -> Record:
    """A run that recorded these traces and judged none."""
    by_path = {Path(trace.header.program): trace for trace in traces}
    monkeypatch.setattr(probe_job, "read_trace", by_path.__getitem__)
    environment = traces[0].header.environment
    results = tuple(
        Result(
            trace.header.program,
            environment.id,
            environment.kernel,
            environment.arch,
            Verdict.UNCHECKED,
            trace=trace.header.program,
            detail=infrastructure_detail(RECORDED),
        )
        for trace in traces
    )
    return Record(datetime.now(UTC), 1.0, 30, (environment,), results)


def test_a_set_that_no_release_has_fails_until_it_is_accepted(
    telling: Sequence[Trace], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    recorded = _recorded(monkeypatch, _with_error(telling, -EOVERFLOW))
    keys, cache = {recorded.environments[0].id: "key"}, Cache(tmp_path)
    done = probe_job.judged(recorded, keys, cache, Asked())
    (made,) = done.probes
    assert [one.flag for one in made.found.flags if one.differs] == ["overflow_error"]
    assert made.found.releases == ()
    assert (done.exit_code, learnt.kept(cache, "key")) == (UNACCEPTED, None)

    taken = probe_job.judged(recorded, keys, cache, Asked(accept=True))
    kept = learnt.kept(cache, "key")
    assert kept is not None
    assert kept.flags["overflow_error"] == -EOVERFLOW
    assert taken.exit_code == 0
    assert [one.semantics for one in taken.environments] == [PROBED]
    assert {one.verdict for one in taken.results} <= {Verdict.PASS, Verdict.CLAIM_FAILED}


def test_a_value_that_no_release_has_fits_nowhere(telling: Sequence[Trace]) -> None:
    found = probe.find(_with_error(telling, -1), RELEASES["6.1"])
    unfit = {one.flag: one for one in found.flags if one.standing is Standing.UNFIT}
    assert list(unfit) == ["overflow_error"]
    assert unfit["overflow_error"].value == 0
    assert "get_user_pages_fast" in unfit["overflow_error"].why
    assert found.releases == ()


def test_what_is_as_a_release_has_it_is_kept_at_once(
    telling: Sequence[Trace], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    recorded = _recorded(monkeypatch, telling)
    cache = Cache(tmp_path)
    done = probe_job.judged(recorded, {recorded.environments[0].id: "key"}, cache, Asked("7.3"))
    kept = learnt.kept(cache, "key")
    assert kept is not None
    assert kept.nearest == "7.3"
    assert done.exit_code == 0
    assert done.probes[0].found.releases[-1:] == ("6.1",)
    assert {one.verdict for one in done.results} <= {Verdict.PASS, Verdict.CLAIM_FAILED}


def test_a_flag_without_a_trace_is_not_told(telling: Sequence[Trace]) -> None:
    left = [trace for trace in telling if trace.header.program != WRAPS]
    found = probe.find(left, RELEASES["7.3"])
    untold = {one.flag: one for one in found.flags if one.standing is not Standing.TOLD}
    assert untold["overflow_error"].value == -EOVERFLOW
    assert "overflow_error" not in found.learnt
    assert "6.1" in found.releases
