"""Is each flag of a release needed? Turned round, a program shows it on the kernel that runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace

import pytest

from harness import check
from harness.model.releases import RELEASES, Release
from harness.trace import Trace
from harness.verdict import Verdict

# What one architecture alone shows: there is no vsyscall page elsewhere, and where a compiler put
# a check into its callers nobody sees which function it is.
ONLY = {"one_check": "arm64", "remote_untags": "arm64", "remote_gate": "x86_64"}


def turned(right: Release) -> Iterator[tuple[str, Release]]:
    """Each flag, with the release that has another known release's value of it."""
    for field in fields(Release):
        mine = getattr(right, field.name)
        others = {getattr(other, field.name) for other in RELEASES.values()} - {mine}
        for value in others:
            yield field.name, replace(right, **{field.name: value})


def test_every_flag_differs_between_releases() -> None:
    assert {name for name, _ in turned(RELEASES["6.1"])} == {one.name for one in fields(Release)}


@pytest.mark.qemu
def test_every_flag_turned_round_is_noticed(
    recorded: Mapping[str, Trace], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = next(iter(recorded.values())).header.environment
    line, arch = environment.line, environment.arch
    unnoticed = []
    for name, wrong in turned(RELEASES[line]):
        if ONLY.get(name, arch) != arch:
            continue
        with monkeypatch.context() as patch:
            patch.setitem(RELEASES, line, wrong)
            verdicts = (check.check_trace(trace).verdict for trace in recorded.values())
            if all(verdict is Verdict.PASS for verdict in verdicts):
                unnoticed.append(name)
    assert unnoticed == []
