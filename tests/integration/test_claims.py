"""`pagelab claims` on a real guest: a few claims as they are, then each turned round."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import output
from harness.arch import Arch
from harness.claims import CONTRADICTED, HOLDS, Entry, catalogue
from harness.interrupts import interrupts
from harness.jobs import claims as claims_job
from harness.jobs.programs import Source, read
from harness.jobs.settings import Settings
from harness.tree import PROGRAMS

pytestmark = pytest.mark.qemu
NAMES = (
    "get_user_pages/nr_zero.mm",
    "get_user_pages/nr_negative.mm",
    "get_user_pages/tagged.mm",
    "get_user_pages_fast/nr_zero.mm",
)
TURN = {HOLDS: CONTRADICTED, CONTRADICTED: HOLDS}


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    return [read(PROGRAMS / name, f"programs/{name}") for name in NAMES]


@pytest.fixture(autouse=True)
def let_go() -> Iterator[None]:
    """What a command holds back at its end is let go for the next one."""
    yield
    interrupts.held = False


def known(monkeypatch: pytest.MonkeyPatch, entries: Mapping[str, Entry]) -> None:
    for user in ("check", "jobs"):
        monkeypatch.setattr(f"harness.{user}.claims.catalogue", lambda: entries)


def claims(arch: Arch, sources: list[Source], folder: Path) -> tuple[int, dict[str, Any]]:
    """Exit code, and the claims of the JSON by id."""
    file = folder / "claims.json"
    code = output.claims(
        Settings(arches=(arch.name,)),
        jobs=1,
        out=folder / "run",
        files=output.Files(file, html=folder / "claims.html"),
        quiet=False,
        verbose=False,
        sources=sources,
    )
    value = json.loads(file.read_text())
    assert value["exit_code"] == code
    assert (folder / "claims.html").read_text().rstrip().endswith("</html>")
    return code, {one["id"]: one for one in value["claims"]}


def test_a_few_claims_and_each_turned_round(
    arch: Arch, sources: list[Source], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ids = {claim.id for source in sources for claim in source.compiled.claims}
    right = {name: entry for name, entry in catalogue().items() if name in ids}
    for turned in (None, *right):
        entries = dict(right)
        if turned is not None:
            expected = {key: TURN[status] for key, status in right[turned].expected.items()}
            entries[turned] = replace(right[turned], expected=expected)
        known(monkeypatch, entries)
        folder = tmp_path / (turned or "right")
        folder.mkdir()
        code, found = claims(arch, sources, folder)
        interrupts.held = False
        assert code == (11 if turned else 0), turned
        wrong = {
            name
            for name, one in found.items()
            if not all(e["agrees"] for e in one["by_environment"])
        }
        assert wrong == ({turned} if turned else set())
    assert {"GUP-03", "GUP-04", "FAST-02"} <= ids


def test_a_claim_without_a_program_is_not_reached(
    arch: Arch, sources: list[Source], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    known(monkeypatch, {name: catalogue()[name] for name in ("GUP-03", "GUP-04", "GUP-11")})
    code, found = claims(arch, sources[:2], tmp_path)
    assert code == 11
    observed = {name: one["by_environment"][0]["observed"] for name, one in found.items()}
    assert observed == {"GUP-03": "holds", "GUP-04": "contradicted", "GUP-11": "not_reached"}


@pytest.mark.slow
def test_every_claim_is_as_the_catalogue_expects(arch: Arch, tmp_path: Path) -> None:
    code, found = claims(arch, claims_job.sources(), tmp_path)
    rows = [row | {"id": name} for name, one in found.items() for row in one["by_environment"]]
    assert [row for row in rows if not row["agrees"]] == []
    assert code == 0
    assert set(found) == set(catalogue())
